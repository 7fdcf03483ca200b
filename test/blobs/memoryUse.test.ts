import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileBlobs } from '../../src/blobs/files.ts';
import { systemClock } from '../../src/engine/clock.ts';

const megabyte = 1024 * 1024;

test('a content of 200 MB is written and read in little memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-blobs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const store = fileBlobs(folder, systemClock());
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const measure = () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before));
  async function* content() {
    const part = new Uint8Array(megabyte).fill(7);
    for (let i = 0; i < 200; i++) {
      measure();
      yield part;
    }
  }
  const { hash, bytes } = await store.put(content(), 'r');
  expect(bytes).toBe(200 * megabyte);
  let read = 0;
  for await (const part of store.get(hash)) {
    read += part.length;
    measure();
  }
  expect(read).toBe(bytes);
  expect(most).toBeLessThan(130 * megabyte);
});
