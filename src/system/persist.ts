/** Writing while the journal is locked, full or away: wait, say so, try again. Nothing after it happens until it is through. */
import { backoff } from '../contracts/backoff.ts';
import { sleep, type Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError, type Failure } from '../contracts/failure.ts';

export interface Patience {
  readonly clock: Clock;
  readonly ending: AbortSignal;
  /** Nobody wants it written any more: another process may own the run. */
  gone(): boolean;
  stalled(failure: Failure): void;
}

/** Milliseconds. */
const bounds = { first: 100, longest: 5_000 };

/** Tries again after a `storage` failure that may pass. Rejects with any other, and with `fenced` once it is no longer wanted. */
export async function untilStored<T>(write: () => Promise<T>, { clock, ending, gone, stalled }: Patience): Promise<T> {
  for (let failed = 1; ; failed++) {
    try {
      return await write();
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.kind !== 'storage' || !failure.retryable) throw thrown;
      stalled(failure);
    }
    await sleep(clock, backoff(failed, bounds, clock.random()), ending);
    if (gone()) throw new TroupeError('fenced', 'This process no longer runs the actor that was to be stored.');
  }
}
