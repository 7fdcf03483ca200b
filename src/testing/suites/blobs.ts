/** The contract of a store of contents as tests: BS1 to BS5, as the interface numbers them. Every implementation runs this suite. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BlobStore } from '../../blobs/blobStore.ts';

/** The store under test. */
export interface BlobCase {
  /** Opens a fresh, empty store, with which nothing was put within the last hours. */
  open(): Promise<BlobStore>;
  /** Opens the same stored contents as another process would; leave it out when nothing is stored. */
  again?: (store: BlobStore) => Promise<BlobStore>;
  /** Changes a byte of a stored content. Leave it out when nothing is stored. */
  damage?: (store: BlobStore, hash: string) => Promise<void>;
  /** How many contents are stored. Leave it out where that cannot be seen. */
  count?: (store: BlobStore) => Promise<number>;
  /** Lets so much time pass that a run that has put something may be released. Leave it out where it may be at once. */
  later?: () => void;
}

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}
async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('half of ');
  throw new Error('the line is down');
}
async function textIn(content: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const part of content) read.push(part);
  return Buffer.concat(read).toString();
}
const hashOfText = (text: string) => createHash('sha256').update(text).digest('hex');
const refusal = (kind: string) => expect.objectContaining({ name: 'TroupeError', kind });

/**
 * Describes the tests that every store of contents must pass, ours and yours. Call it in a test file.
 * @example blobSuite('my store', { open: async () => myStore(await freshBucket()), again: async (store) => myStore(store.bucket) });
 */
export function blobSuite(name: string, { open, again, damage, count, later }: BlobCase) {
  describe(`${name} stores contents`, () => {
    test('a content is read as it was put, under its hash', async () => {
      const store = await open();
      expect(await store.put(parts('one ', 'two'), 'r')).toEqual({ hash: hashOfText('one two'), bytes: 7 });
      expect(await textIn(store.get(hashOfText('one two')))).toBe('one two');
    });

    test('an empty content is one', async () => {
      const store = await open();
      expect(await store.put(parts(), 'r')).toEqual({ hash: hashOfText(''), bytes: 0 });
      expect(await textIn(store.get(hashOfText('')))).toBe('');
    });

    test('what was never put is not there', async () => {
      const store = await open();
      await expect(textIn(store.get(hashOfText('never')))).rejects.toEqual(refusal('storage'));
    });

    test('a content whose stream breaks off rejects with what the stream threw, and nothing is stored', async () => {
      const store = await open();
      await expect(store.put(brokenOff(), 'r')).rejects.toThrow('the line is down');
      await expect(textIn(store.get(hashOfText('half of ')))).rejects.toEqual(refusal('storage'));
      if (count) expect(await count(store)).toBe(0);
    });

    test('the same content is stored once', async () => {
      const store = await open();
      await store.put(parts('same'), 'r');
      await store.put(parts('sa', 'me'), 's');
      await store.put(parts('same'), 'r');
      if (count) expect(await count(store)).toBe(1);
      expect(await textIn(store.get(hashOfText('same')))).toBe('same');
    });

    test('a content that two put at once is there for both', async () => {
      const store = await open();
      await Promise.all([store.put(parts('both'), 'r'), store.put(parts('bo', 'th'), 's')]);
      await store.release('r');
      expect(await textIn(store.get(hashOfText('both')))).toBe('both');
    });

    test('a content goes with the last run that uses it', async () => {
      const store = await open();
      await store.put(parts('kept'), 'r');
      await store.put(parts('kept'), 's');
      await store.put(parts('only r'), 'r');
      later?.();
      expect([...(await store.runs())].sort()).toEqual(['r', 's']);
      await store.release('r');
      expect(await textIn(store.get(hashOfText('kept')))).toBe('kept');
      await expect(textIn(store.get(hashOfText('only r')))).rejects.toEqual(refusal('storage'));
      expect(await store.runs()).toEqual(['s']);
      await store.release('s');
      await expect(textIn(store.get(hashOfText('kept')))).rejects.toEqual(refusal('storage'));
      expect(await store.runs()).toEqual([]);
      await store.release('s');
    });

    test('a content that was removed can be put again', async () => {
      const store = await open();
      await store.put(parts('again'), 'r');
      await store.release('r');
      await store.put(parts('again'), 's');
      expect(await textIn(store.get(hashOfText('again')))).toBe('again');
    });

    test('a run that puts a content while another one releases it keeps it', async () => {
      const store = await open();
      for (let round = 0; round < 10; round++) {
        await store.put(parts('busy'), `r${round}`);
        await Promise.all([store.release(`r${round}`), store.put(parts('busy'), 's')]);
        expect(await textIn(store.get(hashOfText('busy')))).toBe('busy');
        await store.release('s');
      }
    });

    test.skipIf(!again)('another process reads what one has put, and knows who uses it', async () => {
      const store = await open();
      await store.put(parts('shared'), 'r');
      later?.();
      const other = await again!(store);
      expect(await textIn(other.get(hashOfText('shared')))).toBe('shared');
      expect(await other.runs()).toEqual(['r']);
    });

    test.skipIf(!damage)('a content that was changed is corrupt', async () => {
      const store = await open();
      const { hash } = await store.put(parts('intact'), 'r');
      await damage!(store, hash);
      await expect(textIn(store.get(hash))).rejects.toEqual(refusal('corrupt'));
    });
  });
}
