/** The moment of an event or an input, for machines that ask for it (machines/moment.ts). Nobody else sees it: it is no part of what is stored or compared. */
import type { Clock } from '../contracts/clock.ts';

const moment = Symbol.for('troupe.moment');

/** A copy that knows its moment; what is no plain object stays as it is. */
export function stamped<T>(given: T, clock: Clock): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const value = { at: clock.now(), chance: () => clock.random() };
  return Object.defineProperty({ ...given }, moment, { value });
}
