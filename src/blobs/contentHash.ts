/** The hash of a content while it passes, and the failures of contents. */
import { createHash } from 'node:crypto';
import { reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import type { StoredBlob } from './blobStore.ts';

/** Counts and hashes the parts of a content as they pass. */
export function contentMeter(): { add(part: Uint8Array): void; result(): StoredBlob } {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add(part) {
      hash.update(part);
      bytes += part.length;
    },
    result: () => ({ hash: hash.digest('hex'), bytes }),
  };
}

/** The same parts. After the last one it throws `corrupt` when they are not the content with this hash. */
export async function* verified(hash: string, parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const meter = contentMeter();
  for await (const part of parts) {
    meter.add(part);
    yield part;
  }
  if (meter.result().hash !== hash)
    throw new TroupeError(
      'corrupt',
      `The content ${hash} is damaged: what is stored is something else than was put. Restore it from a backup.`,
    );
}

/** A content that is not there, or cannot be read. */
export const unreadableContent = (hash: string, cause?: unknown): TroupeError =>
  new TroupeError(
    'storage',
    `The content ${hash} cannot be read: ${cause === undefined ? 'it is not stored here' : reasonOf(cause)}.`,
    { cause },
  );

/** Something about contents that the store does not do. */
export const contentFailure = (what: string, cause: unknown): TroupeError =>
  new TroupeError('storage', `A content cannot be ${what}: ${reasonOf(cause)}.`, { cause });
