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
  /** The input of the effect or the child. */
  readonly input: Json;
};

/** A child actor to keep alive. */
export type ChildData = EffectData & {
  /** The address at which the child actor is reached. */
  readonly address: Address;
};

/** An event that is due later. */
export type TimerData = {
  /** The name by which it can be cancelled. */
  readonly id?: string | undefined;
  /** What the recipient's machine gets when the time has come. */
  readonly event: {
    /** The type of the event. */
    readonly type: string;
    readonly [key: string]: Json;
  };
  /** Where the event goes when not to the actor itself: a delayed `sendTo`. */
  readonly to?: Address;
};

type PendingOf<Kind extends string, Data> = {
  /** `actor/seq/index`: unique for ever. */
  readonly key: string;
  /** Says whether it is an effect, a child, a timer or a message. */
  readonly kind: Kind;
  /** What must be known to start it again after a restart. */
  readonly data: Data;
  /** Only timers have one. */
  readonly due?: never;
};

/** A running effect. */
export type PendingEffect = PendingOf<'effect', EffectData>;
/** A child that has not ended. */
export type PendingChild = PendingOf<'child', ChildData>;
/** A timer that is set. */
export type PendingTimer = Omit<PendingOf<'timer', TimerData>, 'due'> & {
  /** When its event is sent, in milliseconds since the epoch. */
  readonly due: number;
};
/** A message on its way. Its key is the id of the message. */
export type PendingMessage = PendingOf<'message', Envelope>;

/** Something that was committed and is not settled. `kind` says what `data` is. */
export type Pending = PendingEffect | PendingChild | PendingTimer | PendingMessage;

/** A pending other than a message. It ends when its actor ends; messages are settled by the outbox relay. */
export type OwnPending = Exclude<Pending, PendingMessage>;

/** A pending before it has its key. */
export type NewPending = Pending extends infer P ? (P extends Pending ? Omit<P, 'key'> : never) : never;

/** A pending in an actor's history once it is settled: its data is no longer kept. */
export type SettledPending = {
  /** The key under which it was opened. */
  readonly key: string;
  /** Says whether it was an effect, a child, a timer or a message. */
  readonly kind: Pending['kind'];
  /** Of a timer: milliseconds since the epoch. */
  readonly due?: number;
  /** Always null: what was settled need not be started again. */
  readonly data: null;
};
