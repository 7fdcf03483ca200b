/** Random numbers that are the same whenever a body is run again: they follow from the seed of its run. */
import { fnv1a } from '../values/fnv1a.ts';

/** A source of random numbers. */
export interface BodyRandom {
  /** The next number, from 0 to below 1. */
  next(): number;
  /** A UUID of version 4. */
  uuid(): string;
}

/** The generator sfc32, begun with a hash of the seed when it is first used. */
export function bodyRandom(seed: string): BodyRandom {
  let state: Int32Array | undefined;
  const word = (): number => {
    const words = (state ??= begun(seed));
    return nextWord(words);
  };
  return {
    next: () => word() / 2 ** 32,
    uuid() {
      const hex = Array.from({ length: 4 }, () => word().toString(16).padStart(8, '0')).join('');
      const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
  };
}

/** The four words of the generator's state. */
function begun(seed: string): Int32Array {
  const words = [fnv1a(seed), fnv1a(`${seed}#`)].flatMap((hash) => [hash.slice(0, 8), hash.slice(8)]);
  const state = Int32Array.from(words, (word) => Number.parseInt(word, 16) | 0);
  // The first numbers are still like the seed.
  for (let i = 0; i < 12; i++) nextWord(state);
  return state;
}

function nextWord(state: Int32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = state;
  const sum = (((a + b) | 0) + d) | 0;
  state[3] = (d + 1) | 0;
  state[0] = b ^ (b >>> 9);
  state[1] = (c + (c << 3)) | 0;
  state[2] = ((c << 21) | (c >>> 11)) + sum;
  return sum >>> 0;
}
