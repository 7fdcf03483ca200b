/** What a pure machine may know of time and chance: the moment in which the engine took an event in, which is part of that event. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** From 0 to below 1; another one each time. */
  chance(): number;
  /** By when the whole run must have ended, when somebody said so; milliseconds since the epoch. */
  readonly deadline?: number;
  /** The message that brought the event, when it came from outside. */
  readonly message?: { readonly id: string; readonly from: string };
  /** What a running effect had come to by then, when it said so: by the child's id. */
  soFar?(child: string): unknown;
}

interface Stamped {
  readonly [key: symbol]: Moment | undefined;
}

/** Where there is no engine (a chart that is played by hand): no time passes, and nothing is left to chance. */
const nowhere: Moment = { at: 0, chance: () => 0.5 };
const moment = Symbol.for('troupe.moment');

/** Of an event that came from outside, and of the input (an object) that an actor began with. An event that a machine raised itself has none. */
export function momentOf(event: object): Moment {
  const { input } = event as { readonly input?: unknown };
  const began = typeof input === 'object' && input !== null ? (input as Stamped)[moment] : undefined;
  return (event as Stamped)[moment] ?? began ?? nowhere;
}

/** So many milliseconds, or what is left of them before the deadline: nobody is waited for beyond it (E9). */
export const inTime = (wanted: number, { at, deadline = Infinity }: Moment): number =>
  Math.max(1, Math.min(wanted, deadline - at));
