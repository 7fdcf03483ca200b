import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileBlobs } from '../../src/blobs/files.ts';
import type { BlobStore } from '../../src/blobs/blobStore.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { blobSuite } from 'troupe/testing/suites';

const folders = new WeakMap<BlobStore, string>();
function storeIn(folder: string): BlobStore {
  const store = fileBlobs(folder, systemClock());
  folders.set(store, folder);
  return store;
}
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-blobs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const folderOf = (store: BlobStore) => folders.get(store)!;
const contentsIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/drafts|runs|\.uses/.test(entry.parentPath.slice(folder.length)),
  );

blobSuite('files', {
  open: async () => storeIn(newFolder()),
  again: async (store) => storeIn(folderOf(store)),
  count: async (store) => contentsIn(folderOf(store)).length,
  async damage(store, hash) {
    const path = join(folderOf(store), hash.slice(0, 2), hash.slice(2));
    const bytes = readFileSync(path);
    bytes[0]! ^= 1;
    writeFileSync(path, bytes);
  },
});

async function* text(content: string) {
  yield new TextEncoder().encode(content);
}

test('nobody but the owner can read the contents', async () => {
  const folder = newFolder();
  await storeIn(folder).put(text('private'), 'r');
  const { mode } = await import('node:fs').then(({ statSync }) => {
    const [content] = contentsIn(folder);
    return statSync(join(content!.parentPath, content!.name));
  });
  expect(mode & 0o077).toBe(0);
});

test('nothing but the contents and their marks is left in the folder', async () => {
  const folder = newFolder();
  const store = storeIn(folder);
  await store.put(text('a'), 'r');
  await store.put(text('b'), 'r');
  await store.release('r');
  expect(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual([]);
});
