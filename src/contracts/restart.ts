/** A restart as it is stored: a supervisor counts these, also after the process was restarted. */
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';

/** The name of the list, in an actor's row, that holds its restarts. */
export const restartList = 'restarts';

/** One restart of one actor. */
export type Restart = {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Its supervisor: its parent, or `system` for the root of a run. */
  readonly by: Address;
  readonly how: 'resume' | 'fresh';
  readonly kind: Failure['kind'];
  /** The supervision policy at that time. */
  readonly strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  readonly maxRestarts: number;
  readonly within: number;
};

/** The restarts of one supervisor that count at a time, in milliseconds since the epoch. */
export const countedRestarts = (all: readonly Restart[], now: number): Restart[] =>
  all.filter(({ at, within }) => at > now - within);
