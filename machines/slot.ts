/** What a chart names but does not do itself: slots for effects, and the actions that the engine performs in the commit of the step. */
import { fromPromise, type PromiseActorLogic } from 'xstate';
import type { Failure } from '../src/values/failure.ts';
import type { Address } from '../src/values/ids.ts';
import type { Json } from '../src/values/json.ts';

/**
 * Names an effect that a machine needs, without saying how it is done. `effect(…)` fills it by `.provide`.
 * The engine refuses a machine with an unfilled slot; a live XState actor rejects with the slot's name.
 * @example setup({ actors: { search: slot<string[], { q: string }>('search') } })
 */
export const slot = <Output, Input>(name: string): PromiseActorLogic<Output, Input> =>
  Object.assign(
    fromPromise<Output, Input>(() => Promise.reject(new Error(`No actor was provided for slot "${name}"`))),
    { slot: name },
  );

/** What a machine knows about a message it received, and gives back to answer it. */
export interface MessageMeta {
  /** Unique id of the message. */
  readonly id: string;
  /** The actor that sent it. */
  readonly from: Address;
  /** `ask` wants an answer; `reply` and `failure` are answers. */
  readonly kind: 'ask' | 'tell' | 'reply' | 'failure';
  /** The id of the ask that this reply or failure answers. */
  readonly correlation?: string;
  /** When its sender stops waiting. Milliseconds since the epoch. */
  readonly deadline?: number;
}

/** The actions of the engine: spread them into `setup({ actions })`. Each becomes part of the commit of the step that took it. */
export const engineActions = {
  /** Adds an entry to one of the actor's append-only lists; the snapshot keeps only what it needs to find it (E6). */
  append: (
    _: unknown,
    _params: {
      /** The name of the list; it begins with its first entry. */
      list: string;
      /** What is added; it is never changed afterwards. */
      entry: Json;
    },
  ) => {},
  /** Sends a message that wants no answer. */
  tell: (
    _: unknown,
    _params: {
      /** The address of the recipient. */
      to: Address;
      /** The name of the message in the recipient's protocol. */
      type: string;
      /** What the message says, in the shape that its type has in the protocol. */
      body: Json;
    },
  ) => {},
  /** Stores a message that the actor will not act upon as a dead letter, with the reason (E10). */
  bury: (
    _: unknown,
    _params: {
      /** The message as it came, or as much of it as is known. */
      message: {
        /** The id under which it came; absent for what the actor tells itself. */
        id?: string;
        /** The name of the message. */
        type: string;
        /** The address of its sender; absent when it is not known. */
        from?: Address;
        /** What the message says. */
        body: Json;
      };
      /** Why the actor does not act upon it; shown with the dead letter. */
      failure: Failure;
    },
  ) => {},
  /** Answers an ask. */
  reply: (
    _: unknown,
    _params: {
      /** The message that is answered, as its event brought it. */
      ask: MessageMeta;
      /** The name of the reply in the actor's protocol. */
      type: string;
      /** What the reply says, in the shape that its type has in the protocol. */
      body: Json;
    },
  ) => {},
};
