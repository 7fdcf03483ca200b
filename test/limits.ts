/** How long a test waits before it calls something hung; every limit of time in the tests comes from here. A limit ends a hang and decides nothing else. */
import { slow } from '../src/testing/slow.ts';

export { slow };

/** So many seconds on this machine, in milliseconds. */
const seconds = (count: number): number => count * 1_000 * slow;

/** Milliseconds. About ten times what the slowest of each kind takes on an idle machine. */
export const limits = {
  /** One reply over a connection that is up. */
  reply: seconds(30),
  /** Something that must come to be true: `expect.poll`, a line that another process prints. */
  step: seconds(60),
  /** A test or a hook that does not say otherwise. */
  test: seconds(120),
  /** A test that starts several processes one after the other, or goes through many seeds. */
  long: seconds(600),
};

/** The limit for so many seeds; milliseconds. */
export const limitOfSeeds = (seeds: number): number => limits.test + seeds * seconds(2);
