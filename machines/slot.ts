/** The words a machine uses for what it cannot do itself: slots are effects, the rest are actions that the engine performs in the same commit. */
import { fromPromise, type PromiseActorLogic } from 'xstate';
import type { Failure } from '../src/contracts/failure.ts';
import type { Address } from '../src/contracts/ids.ts';
import type { Json } from '../src/contracts/json.ts';

/** Names an effect a machine needs without saying how it is done. `actors/` fills it with `.provide`; an unfilled one is refused by the engine. */
export const slot = <Output, Input>(name: string): PromiseActorLogic<Output, Input> =>
  Object.assign(
    fromPromise<Output, Input>(() => Promise.reject(new Error(`No actor was provided for slot "${name}"`))),
    { slot: name },
  );

/** What a machine knows about a message it received, and must give back to answer it. */
export interface MessageMeta {
  readonly id: string;
  readonly from: Address;
  readonly kind: 'ask' | 'tell' | 'reply' | 'failure';
  /** The ask that this reply or failure answers. */
  readonly correlation?: string;
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
}

/** The actions of the engine: spread into `setup({ actions })`. Each becomes part of the commit of the step that took it. */
export const engineActions = {
  /** Adds an entry to one of the actor's append-only lists; the snapshot keeps only what it needs to find it (E6). */
  append: (_: unknown, _params: { list: string; entry: Json }) => {},
  /** Sends a message that wants no answer. */
  tell: (_: unknown, _params: { to: Address; type: string; body: Json }) => {},
  /** Keeps what was said to the actor and will not be heeded as a dead letter, with the reason (E10). */
  bury: (
    _: unknown,
    _params: { message: { id?: string; type: string; from?: Address; body: Json }; failure: Failure },
  ) => {},
  /** Answers an ask. */
  reply: (_: unknown, _params: { ask: MessageMeta; type: string; body: Json }) => {},
};
