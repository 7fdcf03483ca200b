/** The error of a step that does not end (E8). */
import { TroupeError } from '../../values/failure.ts';

/** `limit`: microsteps in one step. */
export const endlessError = (id: string, limit: number): TroupeError =>
  new TroupeError(
    'definition',
    `The machine "${id}" did not come to rest within ${limit} microsteps: its eventless transitions or raised events go round in a circle. Give one of them a guard that ends it.`,
  );
