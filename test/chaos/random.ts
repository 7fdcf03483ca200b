/** Random numbers from a seed. Neighbouring seeds are spread first: the generator begins with small numbers when its seed is small. */
import { virtualClock } from '../../src/testing/clock.ts';

export const seededRandom = (seed: number): (() => number) =>
  virtualClock({ seed: Math.imul(seed, 0x9e3779b1) }).random;
