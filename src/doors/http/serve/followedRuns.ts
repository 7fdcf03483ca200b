/** The runs that this process goes on with: who starts or resumes one follows it to its end. */
import { TroupeError } from '../../../values/failure.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import type { RunHandle } from '../../../runtime/runtime.ts';
import type { RunView } from '../contracts/runViews.ts';

/** How often an end is looked for that another process brings about, in milliseconds. */
const lookAgain = 250;

/** The runs under way in this process. */
export interface FollowedRuns {
  follow(handle: RunHandle): void;
  has(run: string): boolean;
  /** How a run stands once it has ended, here or in another process. Rejects with `cancelled` when the signal fires first. */
  ended(run: string, signal: AbortSignal): Promise<RunView | undefined>;
}

/** `view` gives how a run stands; undefined when there is none. */
export function followedRuns(view: (run: string) => Promise<RunView | undefined>, clock: Clock): FollowedRuns {
  const under = new Map<string, Promise<unknown>>();
  return {
    follow(handle) {
      const ended = handle.outcome().catch(() => undefined);
      under.set(handle.id, ended);
      void ended.then(() => under.get(handle.id) === ended && under.delete(handle.id));
    },
    has: (run) => under.has(run),
    async ended(run, signal) {
      for (;;) {
        const found = await view(run);
        if (!found || found.completed_at !== undefined) return found;
        const end = under.get(run);
        await (end ? Promise.race([end, aborted(signal)]) : sleep(clock, lookAgain, signal));
        if (signal.aborted) throw new TroupeError('cancelled', 'Nobody waits any longer.');
      }
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
