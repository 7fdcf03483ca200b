/** A run that another process is at work on is waited for: when it has ended, its result is there; when its process died, it is gone on with here. */
import { sleep, type Clock } from './contracts/clock.ts';
import { toFailure } from './contracts/failure.ts';

/** A file that another process has locked is tried again for so long; milliseconds. */
const locked = 30_000;
/** How often to look whether the process that has the run is done with it, or gone; milliseconds. */
const patience = 250;

/** Calls `begin` until no other process has the run; `waiting` is told once. Rejects with `cancelled` when the signal fires. */
export async function joined<T>(
  begin: () => Promise<T>,
  clock: Clock,
  { signal, waiting }: { signal?: AbortSignal; waiting?: () => void } = {},
): Promise<T> {
  const until = clock.now() + locked;
  for (let tell = waiting; ; tell = undefined) {
    try {
      return await begin();
    } catch (thrown) {
      const { kind, retryable } = toFailure(thrown);
      // Begun or not, nothing of it happened here; who holds the file may be standing still in the middle of a write.
      const passes = kind === 'owned_elsewhere' || (kind === 'storage' && retryable && clock.now() < until);
      if (!passes) throw thrown;
      tell?.();
      await sleep(clock, patience, signal);
    }
  }
}
