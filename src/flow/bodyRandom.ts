/** Random numbers that are the same whenever a body is run again: they follow from the seed of its run. */
import { fnv1a } from '../values/fnv1a.ts';

/** A source of random numbers. */
export interface BodyRandom {
  /** The next number, from 0 to below 1. */
  next(): number;
  /** A UUID of version 4. */
  uuid(): string;
}

/** The generator sfc32, begun with a hash of the seed. */
export function bodyRandom(seed: string): BodyRandom {
  const words = [fnv1a(seed), fnv1a(`${seed}#`)].flatMap((hash) => [hash.slice(0, 8), hash.slice(8)]);
  let [a = 0, b = 0, c = 0, d = 0] = words.map((word) => Number.parseInt(word, 16) | 0);
  const word = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // The first numbers are still like the seed.
  for (let i = 0; i < 12; i++) word();
  return {
    next: () => word() / 2 ** 32,
    uuid() {
      const hex = Array.from({ length: 4 }, () => word().toString(16).padStart(8, '0')).join('');
      const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
  };
}
