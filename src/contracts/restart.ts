/** A restart as it is kept: how near its limit a supervisor stands is read from these, also after the process was started again. */
import type { Failure } from './failure.ts';
import type { Address } from './ids.ts';

/** The list of an actor that holds its own restarts, over all its lives. */
export const restarts = 'restarts';

/** One restart of one actor. */
export type Restart = {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Its supervisor: its parent, or `system` for the root of a run. */
  readonly by: Address;
  readonly how: 'resume' | 'fresh';
  readonly kind: Failure['kind'];
  /** What its supervisor allowed then. */
  readonly strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  readonly maxRestarts: number;
  readonly within: number;
};

/** Those that count at a moment, of the restarts that one supervisor made. */
export const counting = (all: readonly Restart[], now: number): Restart[] =>
  all.filter(({ at, within }) => at > now - within);
