/** An effect that ended without a result, as it is stored: what was asked for is known then, also when its actor has ended. */
import type { Json } from '../values/json.ts';

/** The name of the list, in an actor's row, that holds its effects that were closed without a result. The chart of a user has no list of this name. */
export const unsettledList = 'troupe.unsettled';

/** An effect that was begun and closed before it had a result: it may or may not have happened. */
export type UnsettledEffect = {
  /** The key under which it was opened. */
  readonly key: string;
  /** The name of the slot in `setup({ actors })` that the effect fills. */
  readonly name: string;
  /** What it was given. */
  readonly input: Json;
};
