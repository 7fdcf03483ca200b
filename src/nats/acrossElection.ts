/** Starts that meet a cluster of servers in the middle of an election. */
import { sleep, type Clock } from '../values/clock.ts';
import { toFailure } from '../values/failure.ts';

/** Milliseconds for which a start waits. An election takes some seconds, on a busy machine more. */
const patience = 20_000;
/** Milliseconds between two attempts. */
const pause = 500;

/**
 * Tries again for twenty seconds what may succeed later: while the servers of a cluster elect a leader, they do not answer, or say at once that they cannot.
 * A server that is alone elects nothing.
 */
export async function acrossElection<T>(
  clock: Pick<Clock, 'now' | 'wake'>,
  isCluster: boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  for (const until = clock.now() + patience; ; await sleep(clock, pause)) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!isCluster || clock.now() >= until || !toFailure(thrown).retryable) throw thrown;
    }
  }
}
