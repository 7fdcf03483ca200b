/** Several observers at once, and the ring buffer of the latest events. */
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { fanOut } from '../../src/observe/fanOut.ts';
import { ringBuffer } from '../../src/observe/ringBuffer.ts';
import { commit } from './inspections.ts';

test('an observer that throws does not stop the other observers', () => {
  const seen: string[] = [];
  const all = fanOut([
    () => {
      throw new Error('broken');
    },
    (event) => seen.push(event.type),
  ]);
  const late = all.add(() => seen.push('late'));
  all.observe(commit());
  late[Symbol.dispose]();
  all.observe(commit());
  expect(seen).toEqual(['commit', 'late', 'commit']);
});

test.each<[string, () => unknown]>([
  ['a promise', () => Promise.reject(new Error('broken'))],
  ['a promise of another realm', () => runInNewContext("Promise.reject(new Error('broken'))") as unknown],
])('an observer that returns %s, which rejects, does not end the process', async (_, broken) => {
  const strays: unknown[] = [];
  const listener = (thrown: unknown) => strays.push(thrown);
  process.on('unhandledRejection', listener);
  try {
    const seen: string[] = [];
    const all = fanOut([broken, (event) => seen.push(event.type)]);
    all.observe(commit());
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['commit']);
    expect(strays).toEqual([]);
  } finally {
    process.off('unhandledRejection', listener);
  }
});

test('the ring buffer keeps the latest entries in order, and counts the dropped ones', () => {
  const latest = ringBuffer<number>(3);
  expect(latest.items()).toEqual([]);
  for (const n of [1, 2]) latest.add(n);
  expect(latest.items()).toEqual([1, 2]);
  for (const n of [3, 4, 5]) latest.add(n);
  expect(latest.items()).toEqual([3, 4, 5]);
});
