/** How much of a proof is run: a part in the usual run, all of it with `TROUPE_DOSE=full`, as in CI. */
import { limitOfSeeds } from './limits.ts';

const isFull = process.env['TROUPE_DOSE'] === 'full';

/** The part in the usual run, or all of it. */
export const dose = <T>(part: T, all: T): T => (isFull ? all : part);

/** The number of seeds, and their time limit in milliseconds; `TROUPE_SEEDS=20000` sets the number. */
export const seedsOf = (part: number, all: number): { seeds: number; timeout: number } => {
  const seeds = Number(process.env['TROUPE_SEEDS'] ?? dose(part, all));
  return { seeds, timeout: limitOfSeeds(seeds) };
};
