/** Waits for a run that another process owns. When the run has ended, its result is there; when that process has died, this one takes the run over. */
import { sleep, type Clock } from '../values/clock.ts';
import { toFailure, type Failure } from '../values/failure.ts';

/** How long to retry while another process has locked the file; milliseconds. */
const lockTimeout = 30_000;
/** How often to check whether the other process has released the run; milliseconds. */
const retryInterval = 250;

/** Calls `begin` until no other process owns the run; calls `waiting` with the reason before the first pause, and again when there is another reason. Rejects with `cancelled` when the signal fires. */
export async function attach<T>(
  begin: () => Promise<T>,
  clock: Clock,
  { signal, waiting }: { signal?: AbortSignal; waiting?: (reason: Failure) => void } = {},
): Promise<T> {
  const until = clock.now() + lockTimeout;
  for (let told: string | undefined; ;) {
    try {
      return await begin();
    } catch (thrown) {
      const reason = toFailure(thrown);
      const { kind, retryable } = reason;
      // Nothing has happened here yet, so it is safe to try again. The process that locks the file may be stopped in the middle of a write.
      const isTemporary = kind === 'owned_elsewhere' || (kind === 'storage' && retryable && clock.now() < until);
      if (!isTemporary) throw thrown;
      if (kind !== told) waiting?.(reason);
      told = kind;
      await sleep(clock, retryInterval, signal);
    }
  }
}
