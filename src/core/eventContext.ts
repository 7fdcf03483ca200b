/** When and by what an event came, for machines that ask for it (`eventContextOf`). It is neither stored nor compared. */
import type { Clock } from '../values/clock.ts';
import type { Json } from '../values/json.ts';

const moment = Symbol.for('troupe.moment');

/** What is known of an event beside when it came. */
export interface EventDetails {
  readonly deadline?: number;
  readonly message?: { readonly id: string; readonly from: string };
  soFar?(child: string): Json | undefined;
}

/** A copy that carries its context; a value that is no plain object is returned as it is. */
export function withEventContext<T>(given: T, clock: Clock, circumstances: EventDetails = {}): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const value = { at: clock.now(), chance: () => clock.random(), ...circumstances };
  return Object.defineProperty({ ...given }, moment, { value });
}
