/**
 * What a pure machine may know of the event it is given, beside the event. The engine attaches it to the event; a machine reads it with
 * `eventContextOf` instead of asking a clock, so that the same event always leads to the same step. It is neither stored nor compared.
 */
import type { Json } from '../values/json.ts';

/** What a machine may know of an event beside the event: time, chance, the deadline, the message, and partial results. */
export interface EventContext {
  /** When the event was taken in; milliseconds since the epoch. */
  readonly at: number;
  /** The address of the actor that takes it; undefined without an engine. */
  readonly actor?: string;
  /** A random number from 0 to below 1; another one each time. */
  chance(): number;
  /** When the whole run must have ended, in milliseconds since the epoch; undefined when it has no deadline. */
  readonly deadline?: number | undefined;
  /** The message that brought the event; undefined when it did not come from outside. */
  readonly message?:
    | {
        /** Unique for each message; a repeated delivery has the same id. */
        readonly id: string;
        /** The address of its sender. */
        readonly from: string;
      }
    | undefined;
  /** What a running effect has reported as its partial result (`scope.soFar`); `child` is the id of its invoke. */
  soFar?(child: string): Json | undefined;
}

/** A process may hold two copies of this package, perhaps of different versions. They share the symbol by this name, so the name is never changed. */
const key = Symbol.for('troupe.moment');

/** Without an engine, as in a chart that a test steps by hand, no time passes and every random number is 0.5. */
const none: EventContext = { at: 0, chance: () => 0.5 };

/** A copy that carries its context. A value that is no plain object is returned as it is. */
export function withEventContext<T>(given: T, context: EventContext): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  return Object.defineProperty({ ...given }, key, { value: context });
}

/** The context of an event from outside, or of the input that an actor began with. An event that the machine raised itself has none: its time is 0. */
export const eventContextOf = (event: object): EventContext =>
  attachedTo(event) ?? attachedTo('input' in event ? event.input : undefined) ?? none;

const attachedTo = (given: unknown): EventContext | undefined =>
  // Only `withEventContext` attaches something under this symbol.
  typeof given === 'object' && given !== null
    ? (given as { readonly [symbol: symbol]: EventContext | undefined })[key]
    : undefined;
