/** The moment of an event or an input, for machines that ask for it (machines/moment.ts). Nobody else sees it: it is no part of what is stored or compared. */
import type { Clock } from '../contracts/clock.ts';
import type { Json } from '../contracts/json.ts';

const moment = Symbol.for('troupe.moment');

export interface Circumstances {
  readonly deadline?: number;
  readonly message?: { readonly id: string; readonly from: string };
  soFar?(child: string): Json | undefined;
}

/** A copy that knows its moment; what is no plain object stays as it is. */
export function stamped<T>(given: T, clock: Clock, circumstances: Circumstances = {}): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const value = { at: clock.now(), chance: () => clock.random(), ...circumstances };
  return Object.defineProperty({ ...given }, moment, { value });
}
