/** One key is one run, whichever process has it. */
import type { Journal } from '../journal/journal.ts';
import { toFailure } from '../values/failure.ts';

/** Starts a run, and gives its id. One of the same key and input that another process has is that run: it goes on there. Rejects as `start` does otherwise. */
export async function startOnce(
  journal: Pick<Journal, 'find'>,
  key: string | undefined,
  start: () => Promise<{ readonly id: string }>,
): Promise<string> {
  try {
    return (await start()).id;
  } catch (thrown) {
    if (key === undefined || toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
    // The process that has it may have stored nothing yet.
    const [root] = await journal.find({ run: key, parent: null, limit: 1 });
    if (!root) throw thrown;
    return again(root.run, start);
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
