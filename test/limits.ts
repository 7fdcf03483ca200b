/** The time limits of all tests. A limit ends a hang, and decides no result. */
import { slow } from '../src/testing/slow.ts';

export { slow };

/** A number of seconds on this machine, in milliseconds. */
const seconds = (count: number): number => count * 1_000 * slow;

/** Milliseconds. About ten times what the slowest of each kind takes on an idle machine. */
export const limits = {
  /** One reply over an open connection. */
  reply: seconds(30),
  /** A condition that must become true: `expect.poll`, a line that another process prints. */
  step: seconds(60),
  /** A test or a hook that does not say otherwise. */
  test: seconds(120),
  /** A test that starts several processes one after the other, or goes through many seeds. */
  long: seconds(600),
};

/** The time limit for a number of seeds, in milliseconds. */
export const limitOfSeeds = (seeds: number): number => limits.test + seeds * seconds(2);
