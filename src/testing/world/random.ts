/** Random numbers that a seed decides: the same seed gives the same numbers for ever, on every machine. */
import { TroupeError } from '../../values/failure.ts';

/** A source of random numbers. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** True with this probability (0 to 1). */
  chance(share: number): boolean;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** One of the items. Throws `internal` when there is none. */
  pick<T>(from: readonly T[]): T;
}

/** mulberry32: 32 bits of state, well mixed from the first number on. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    chance: (share) => next() < share,
    pick(from) {
      const index = between(0, from.length - 1);
      for (const item of from.slice(index, index + 1)) return item;
      throw new TroupeError('internal', 'There is nothing to pick from.');
    },
  };
}
