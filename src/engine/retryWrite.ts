/** Writes while the journal may be locked, full or away: wait, report it, try again. Nothing after the write happens until it is stored. */
import { backoff } from '../values/backoff.ts';
import { sleep, type Clock } from '../values/clock.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';

/** When to stop trying, and what to tell while it does not succeed. */
export interface RetryScope {
  readonly clock: Clock;
  readonly ending: AbortSignal;
  /** Is the write no longer wanted: may another process hold the run's lease? */
  gone(): boolean;
  stalled(failure: Failure): void;
  /** Called when a write that had failed was stored. */
  continued?(): void;
}

/** Bounds of the pause between two attempts, in milliseconds. */
const bounds = { first: 100, longest: 5_000 };

/**
 * Tries again after a retryable `storage` failure. Rejects with any other, and with `fenced` once the write is no longer wanted.
 * `scopeOf` is called when an attempt fails for the first time, which most writes never do.
 */
export function retryWrite<T>(write: () => Promise<T>, scopeOf: () => RetryScope): Promise<T> {
  const again = (thrown: unknown) => retryFailedWrite(write, scopeOf(), thrown);
  try {
    return write().catch(again);
  } catch (thrown) {
    return again(thrown);
  }
}

async function retryFailedWrite<T>(
  write: () => Promise<T>,
  { clock, ending, gone, stalled, continued }: RetryScope,
  first: unknown,
): Promise<T> {
  let thrown = first;
  for (let failed = 1; ; failed++) {
    const failure = toFailure(thrown);
    if (failure.kind !== 'storage' || !failure.retryable) throw thrown;
    stalled(failure);
    await sleep(clock, backoff(failed, bounds, clock.random()), ending);
    if (gone()) throw new TroupeError('fenced', 'This process no longer runs the actor that was to be stored.');
    try {
      const stored = await write();
      continued?.();
      return stored;
    } catch (again) {
      thrown = again;
    }
  }
}
