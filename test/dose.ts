import { limitOfSeeds } from './limits.ts';

/** How much of a proof is run: a taste of it in the usual loop, all of it where `TROUPE_DOSE=full`, as CI does. */
const isFull = process.env['TROUPE_DOSE'] === 'full';

export const dose = <T>(taste: T, all: T): T => (isFull ? all : taste);

/** How many seeds, and how long they may take in milliseconds: `TROUPE_SEEDS=20000` says so for a run that is started by hand. */
export const seedsOf = (taste: number, all: number): { seeds: number; timeout: number } => {
  const seeds = Number(process.env['TROUPE_SEEDS'] ?? dose(taste, all));
  return { seeds, timeout: limitOfSeeds(seeds) };
};
