/** One key is one run, whichever process has it. */
import type { Journal } from '../journal/journal.ts';
import { sleep, type Clock } from '../values/clock.ts';
import { toFailure } from '../values/failure.ts';

/** What a start is looked up with. */
export interface StartOnceParts {
  readonly journal: Pick<Journal, 'find'>;
  readonly clock: Pick<Clock, 'now' | 'wake'>;
}

/** How long another process may take to store the run that it begins, in milliseconds. One that has died meanwhile stores nothing: then the caller asks again. */
const patience = 2_000;
/** Milliseconds between two looks. */
const interval = 50;

/**
 * Starts a run, and gives its id. One of the same key and input that another process has is that run: it goes on there; when it is just beginning there, it is waited for
 * until something of it is stored. Rejects as `start` does otherwise.
 */
export async function startOnce(
  { journal, clock }: StartOnceParts,
  key: string | undefined,
  start: () => Promise<{ readonly id: string }>,
): Promise<string> {
  for (const until = clock.now() + patience; ; await sleep(clock, interval)) {
    try {
      return (await start()).id;
    } catch (thrown) {
      if (key === undefined || toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
      const [root] = await journal.find({ run: key, parent: null, limit: 1 });
      if (root) return again(root.run, start);
      if (clock.now() >= until) throw thrown;
    }
  }
}

/** What is stored now is compared with what is to be started. */
async function again(run: string, start: () => Promise<unknown>): Promise<string> {
  try {
    await start();
  } catch (thrown) {
    if (toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
  }
  return run;
}
