/**
 * What a pure machine may know of time and chance. The engine notes when it takes an event in, and attaches that to the event. A machine
 * reads it with `eventContextOf` instead of asking a clock, so that the same event always leads to the same step.
 */
import { fieldsOf } from './json.ts';

/** What the engine attaches to an event: its time, a random number, the run's deadline and the message behind it. */
export interface EventContext {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** A random number from 0 to below 1; another one each time. */
  chance(): number;
  /** When the whole run must have ended; undefined when it has no deadline. Milliseconds since the epoch. */
  readonly deadline?: number;
  /** The message that brought the event; undefined when it did not come from outside. */
  readonly message?: {
    /** Unique for each message; a repeated delivery has the same id. */
    readonly id: string;
    /** The address of its sender. */
    readonly from: string;
  };
  /** What a running effect has reported as its partial result (`scope.soFar`); `child` is the id of its invoke. */
  soFar?(child: string): unknown;
}

/** Without an engine, as in a chart that a test steps by hand, no time passes and every random number is 0.5. */
const nowhere: EventContext = { at: 0, chance: () => 0.5 };
const moment = Symbol.for('troupe.moment');

/** The context of an event that came from outside, or of the input that an actor began with. An event that the machine raised itself has none, and gets one at time 0. */
export const eventContextOf = (event: object): EventContext =>
  attachedTo(event) ?? attachedTo(fieldsOf(event).input) ?? nowhere;

const attachedTo = (given: unknown): EventContext | undefined =>
  // Only the engine attaches something under this symbol.
  typeof given === 'object' && given !== null
    ? (given as { readonly [key: symbol]: EventContext | undefined })[moment]
    : undefined;

/** So many milliseconds, or fewer when the deadline comes first: nothing is waited for beyond it (E9). At least 1. */
export const withinDeadline = (wanted: number, { at, deadline = Infinity }: EventContext): number =>
  Math.max(1, Math.min(wanted, deadline - at));
