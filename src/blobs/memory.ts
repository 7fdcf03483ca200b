/** Contents in the memory of this process: for a journal that is memory as well. */
import { contentMeter, unreadableContent, verified } from './contentHash.ts';
import type { BlobStore } from './blobStore.ts';

/** An empty store. */
export function memoryBlobs(): BlobStore {
  const contents = new Map<string, { readonly parts: readonly Uint8Array[]; readonly runs: Set<string> }>();

  async function* partsOf(hash: string): AsyncGenerator<Uint8Array> {
    const content = contents.get(hash);
    if (!content) throw unreadableContent(hash);
    yield* content.parts;
  }

  return {
    async put(data, run) {
      const meter = contentMeter();
      const parts: Uint8Array[] = [];
      for await (const part of data) {
        meter.add(part);
        // Whoever made it may use its memory again.
        parts.push(part.slice());
      }
      const blob = meter.result();
      const known = contents.get(blob.hash);
      if (known) known.runs.add(run);
      else contents.set(blob.hash, { parts, runs: new Set([run]) });
      return blob;
    },
    get: (hash) => verified(hash, partsOf(hash)),
    runs: async () => [...new Set([...contents.values()].flatMap(({ runs }) => [...runs]))],
    async release(run) {
      for (const [hash, { runs }] of contents) if (runs.delete(run) && runs.size === 0) contents.delete(hash);
    },
  };
}
