/** What an actor has started or asked for in a commit and that is not settled: a running effect, a living child, a timer, a message on its way. */
import type { Envelope } from './envelope.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';

/** An effect to perform. */
export type EffectData = {
  /** The id of the effect among its actor's children. */
  readonly id: string;
  /** The name of its logic in `setup({ actors })`. */
  readonly src: string;
  readonly input: Json;
};

/** A child actor to keep alive. */
export type ChildData = EffectData & { readonly address: Address };

/** An event that is due later. */
export type TimerData = {
  /** The name by which it can be cancelled. */
  readonly id?: string | undefined;
  readonly event: { readonly type: string; readonly [key: string]: Json };
  /** Where the event goes when not to the actor itself: a delayed `sendTo`. */
  readonly to?: Address;
};

type Opened<Kind extends string, Data> = {
  /** `actor/seq/index`: unique for ever. */
  readonly key: string;
  readonly kind: Kind;
  readonly data: Data;
  /** Only timers have one. */
  readonly due?: never;
};

/** A running effect. */
export type PendingEffect = Opened<'effect', EffectData>;
/** A child that has not ended. */
export type PendingChild = Opened<'child', ChildData>;
/** `due` is milliseconds since the epoch. */
export type PendingTimer = Omit<Opened<'timer', TimerData>, 'due'> & { readonly due: number };
/** The key is the id of the message. */
export type PendingMessage = Opened<'message', Envelope>;

/** Something that was committed and is not settled. `kind` says what `data` is. */
export type Pending = PendingEffect | PendingChild | PendingTimer | PendingMessage;

/** All but the messages, which the outbox settles by itself: what ends when its actor ends. */
export type OwnPending = Exclude<Pending, PendingMessage>;

/** A pending without its key. */
export type Opening = Pending extends infer P ? (P extends Pending ? Omit<P, 'key'> : never) : never;

/** A pending in an actor's history once it is settled: its data is no longer kept. */
export type SettledPending = {
  readonly key: string;
  readonly kind: Pending['kind'];
  /** Of a timer: milliseconds since the epoch. */
  readonly due?: number;
  readonly data: null;
};
