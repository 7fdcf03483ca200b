/**
 * Contents as files in a folder: `ab/cdef…` is the content whose hash is `abcdef…`, `ab/cdef….uses/` has an empty file for each run that uses it, and `runs/<run>/` one for
 * each content of a run. A content is written to `drafts/` first, flushed, and renamed.
 */
import { dirname, join } from 'node:path';
import type { Clock } from '../values/clock.ts';
import type { BlobStore, StoredBlob } from './blobStore.ts';
import { contentFailure, contentMeter, unreadableContent, verified } from './contentHash.ts';

const fs = process.getBuiltinModule('node:fs');

/** What died while it was written is removed after so long, in milliseconds. */
const draftsAreKeptFor = 24 * 3_600_000;

/** Bytes that are gathered for one write. */
const writtenAtOnce = 256 * 1024;

/** The contents in a folder, which is made when the first one is stored. */
export function fileBlobs(folder: string, clock: Pick<Clock, 'id' | 'now'>): BlobStore {
  const drafts = join(folder, 'drafts');
  const runFolder = (run: string) => join(folder, 'runs', run);
  const fileOf = (hash: string) => join(folder, hash.slice(0, 2), hash.slice(2));
  const usesOf = (hash: string) => `${fileOf(hash)}.uses`;

  /** Another process may remove the folder, because its last file went, before this one is there. */
  async function addMark(inside: string, name: string): Promise<void> {
    for (let left = 20; ; left--) {
      await fs.promises.mkdir(inside, { recursive: true, mode: 0o700 });
      try {
        await fs.promises.writeFile(join(inside, name), '', { mode: 0o600 });
        return await flushFolder(inside);
      } catch (thrown) {
        if (left === 0 || !isMissing(thrown)) throw thrown;
      }
    }
  }

  async function put(data: AsyncIterable<Uint8Array>, run: string): Promise<StoredBlob> {
    const draft = join(drafts, clock.id());
    try {
      const blob = await writeDraft(draft, data);
      await failingAs('stored', async () => {
        // First the marks: a content that is there is one that somebody uses.
        await addMark(runFolder(run), blob.hash);
        await addMark(usesOf(blob.hash), run);
        await fs.promises.rename(draft, fileOf(blob.hash));
        await flushFolder(dirname(fileOf(blob.hash)));
        await flushFolder(folder);
      });
      return blob;
    } catch (thrown) {
      await fs.promises.rm(draft, { force: true }).catch(() => {});
      throw thrown;
    }
  }

  async function writeDraft(draft: string, data: AsyncIterable<Uint8Array>): Promise<StoredBlob> {
    const file = await failingAs('stored', async () => {
      await fs.promises.mkdir(drafts, { recursive: true, mode: 0o700 });
      return fs.promises.open(draft, 'wx', 0o600);
    });
    const meter = contentMeter();
    try {
      // What the stream throws is its own failure, not one of the store.
      for await (const part of gathered(data, writtenAtOnce)) {
        meter.add(part);
        await failingAs('stored', () => file.writeFile(part));
      }
      await failingAs('stored', () => file.sync());
    } finally {
      await file.close();
    }
    return meter.result();
  }

  async function* partsOf(hash: string): AsyncGenerator<Uint8Array> {
    try {
      // Without an encoding its parts are bytes.
      yield* fs.createReadStream(fileOf(hash)) as AsyncIterable<Uint8Array>;
    } catch (thrown) {
      throw unreadableContent(hash, isMissing(thrown) ? undefined : thrown);
    }
  }

  /** The mark of a run goes first. A run that puts the content again meanwhile makes its mark before its file, so the file that is taken away here is put back. */
  async function releaseContent(hash: string, run: string): Promise<void> {
    await fs.promises.rm(join(usesOf(hash), run), { force: true });
    if (!(await removeEmpty(usesOf(hash)))) return;
    const taken = join(drafts, clock.id());
    await fs.promises.mkdir(drafts, { recursive: true, mode: 0o700 });
    if (!(await unlessMissing(fs.promises.rename(fileOf(hash), taken)))) return;
    if ((await namesIn(usesOf(hash))).length > 0) await fs.promises.rename(taken, fileOf(hash));
    else await fs.promises.rm(taken, { force: true });
  }

  async function removeDeadDrafts(): Promise<void> {
    for (const name of await namesIn(drafts)) {
      const path = join(drafts, name);
      const found = await fs.promises.stat(path).catch(() => undefined);
      if (found && found.mtimeMs < clock.now() - draftsAreKeptFor) await fs.promises.rm(path, { force: true });
    }
  }

  return {
    put,
    get: (hash) => verified(hash, partsOf(hash)),
    runs: () => failingAs('listed', () => namesIn(join(folder, 'runs'))),
    release: (run) =>
      failingAs('removed', async () => {
        for (const hash of await namesIn(runFolder(run))) await releaseContent(hash, run);
        await fs.promises.rm(runFolder(run), { recursive: true, force: true });
        await removeDeadDrafts();
      }),
  };
}

/** The same bytes in parts that are not small: each of them is a write. */
async function* gathered(data: AsyncIterable<Uint8Array>, least: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of data) {
    // Whoever made it may use its memory again.
    parts.push(part.length < least ? part.slice() : part);
    length += part.length;
    if (length < least) continue;
    yield parts.length === 1 ? part : Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  yield Buffer.concat(parts);
}

const codeOf = (thrown: unknown): unknown => (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined);
const isMissing = (thrown: unknown): boolean => codeOf(thrown) === 'ENOENT';

async function failingAs<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw contentFailure(what, cause);
  }
}

/** The names in a folder; none when there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** False when what it works on is not there. */
async function unlessMissing(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

/** Removes a folder unless something is in it; false when it stays. One that is gone was removed before. */
async function removeEmpty(folder: string): Promise<boolean> {
  try {
    await fs.promises.rmdir(folder);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return true;
    if (codeOf(thrown) === 'ENOTEMPTY' || codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** The names in a folder survive a power failure once it is flushed. Windows cannot open a folder, and flushes by itself. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await fs.promises.open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}
