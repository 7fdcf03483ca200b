/**
 * Large contents beside the journal. Each is stored once, under its SHA-256, and is written and read as a stream.
 *
 * BS1 When `put` resolves, the content survives kill -9 of the process and, in files, a power failure. Nothing can be read of a content whose `put` was broken off.
 * BS2 The same content is stored once, however often and for however many runs it is put.
 * BS3 Neither writing nor reading holds a content in memory, except in the store that is memory.
 * BS4 What is read is what was put. A content that was changed ends with `corrupt`, and one that is not there with `storage`.
 * BS5 A content goes with the last run that uses it, and not before.
 */

/** A content that is stored. */
export interface StoredBlob {
  /** SHA-256 of the content, in hexadecimal. */
  readonly hash: string;
  /** Its length in bytes. */
  readonly bytes: number;
}

/** Stores contents for runs. */
export interface BlobStore {
  /** Stores a content that a run uses. Rejects with what its stream throws, or with `storage`. */
  put(data: AsyncIterable<Uint8Array>, run: string): Promise<StoredBlob>;
  /** The content with this hash, in parts. Throws as BS4 says. */
  get(hash: string): AsyncIterable<Uint8Array>;
  /** The runs that use contents and may be released by now: a store that processes share leaves out those of the last hour, whose beginning this process may not know yet. */
  runs(): Promise<readonly string[]>;
  /** Forgets what a run uses, and removes what no other run uses. Also done again after it was broken off. */
  release(run: string): Promise<void>;
}
