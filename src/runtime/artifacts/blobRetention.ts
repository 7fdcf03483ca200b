/** A journal that forgets runs together with the contents that only they use. */
import type { BlobStore } from '../../blobs/blobStore.ts';
import type { Journal } from '../../journal/journal.ts';

/**
 * The journal, whose `prune` also releases the contents of runs that are not in it any more. A run is in the journal before it puts anything; what a process has left that died
 * while it pruned is found the next time.
 */
export function withBlobs(journal: Journal, blobs: Pick<BlobStore, 'runs' | 'release'>): Journal {
  async function releaseGone(): Promise<void> {
    for (const run of await blobs.runs())
      if ((await journal.find({ run, limit: 1 })).length === 0) await blobs.release(run);
  }

  const { pruneSome } = journal;
  return {
    ...journal,
    async prune(before) {
      const runs = await journal.prune(before);
      await releaseGone();
      return runs;
    },
    ...(pruneSome
      ? {
          async pruneSome(before, most) {
            const runs = await pruneSome(before, most);
            // While there are more to forget, it is asked again.
            if (runs > 0 && runs < most) await releaseGone();
            return runs;
          },
        }
      : {}),
  };
}
