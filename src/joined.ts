/** A run that another process is at work on is waited for: when it has ended, its result is there; when its process died, it is gone on with here. */
import { sleep, type Clock } from './contracts/clock.ts';
import { TroupeError } from './contracts/failure.ts';

/** How often to look whether the process that has the run is done with it, or gone; milliseconds. */
const patience = 250;

/** Calls `begin` until no other process has the run; `waiting` is told once. Rejects with `cancelled` when the signal fires. */
export async function joined<T>(
  begin: () => Promise<T>,
  clock: Clock,
  { signal, waiting }: { signal?: AbortSignal; waiting?: () => void } = {},
): Promise<T> {
  for (let tell = waiting; ; tell = undefined) {
    try {
      return await begin();
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || thrown.kind !== 'owned_elsewhere') throw thrown;
      tell?.();
      await sleep(clock, patience, signal);
    }
  }
}
