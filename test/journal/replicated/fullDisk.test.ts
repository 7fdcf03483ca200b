import { expect, test } from 'vitest';
import { TroupeError } from '../../../src/values/failure.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { memoryReplica } from '../../../src/journal/replicated/memoryReplica.ts';
import { replicated } from '../../../src/journal/replicated/replicated.ts';
import type { JournalReplica } from '../../../src/journal/replicated/replica.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';

test('an entry for which the disk has no room is tried again until there is, and no later one is applied before it', async () => {
  const log = new SharedLog();
  const clock = systemClock();
  const tried: number[] = [];
  let isFull = false;
  const inner = memoryReplica();
  const replica: JournalReplica = Object.assign(Object.create(inner) as JournalReplica, {
    apply(...[mark, writer, work]: Parameters<JournalReplica['apply']>) {
      tried.push(mark.position);
      if (isFull) throw new TroupeError('storage', 'The disk is full.');
      inner.apply(mark, writer, work);
    },
  });
  const writer = await replicated({ log: log.open(), replica: memoryReplica(), clock });
  const full = await replicated({ log: log.open(), replica, clock });
  await writer.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await expect.poll(() => inner.mark.position).toBe(log.standing.last);
  const { last } = log.standing;
  isFull = true;
  tried.length = 0;
  for (let seq = 1; seq <= 3; seq++) await writer.commit(commitFor({ seq, appends: [{ list: 'said', entry: seq }] }));
  await expect.poll(() => tried.length).toBeGreaterThan(2);
  expect(new Set(tried)).toEqual(new Set([last + 1]));
  isFull = false;
  await expect.poll(() => full.list('agent/a', 'said')).toEqual([1, 2, 3]);
  expect(tried.filter((position) => position > last + 1)).toEqual([last + 2, last + 3]);
  await writer[Symbol.asyncDispose]();
  await full[Symbol.asyncDispose]();
});

test.each([
  ['has no room', { data: { reason: 'no space' } }, 1_000, 2_000],
  ['only gives no answer', {}, 4_000, 8_000],
])('a write is told that the server %s', async (_, says, atLeast, atMost) => {
  const shared = new SharedLog().open();
  let isFull = false;
  const log: typeof shared = Object.assign(Object.create(shared) as typeof shared, {
    async append(id: string, bytes: Uint8Array) {
      if (isFull) throw new TroupeError('storage', 'The server does not store it.', says);
      await shared.append(id, bytes);
    },
  });
  const clock = virtualClock();
  await using journal = await replicated({ log, replica: memoryReplica(), clock });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  isFull = true;
  const began = clock.now();
  const refusals: { readonly after: number; readonly failure: unknown }[] = [];
  const write = journal.commit(commitFor({ seq: 1 }));
  write.catch((failure: unknown) => void refusals.push({ after: clock.now() - began, failure }));
  while (refusals.length === 0) {
    clock.advance(50);
    await new Promise(setImmediate);
  }
  const [told] = refusals;
  expect(told?.failure).toMatchObject({ kind: 'storage', retryable: true, ...says });
  expect(told?.after).toBeGreaterThanOrEqual(atLeast);
  expect(told?.after).toBeLessThanOrEqual(atMost);
  // Asked for again, it gets the outcome of the same write, as soon as there is room.
  isFull = false;
  const again = journal.commit(commitFor({ seq: 1 }));
  const advancing = setInterval(() => clock.advance(100), 1);
  await again;
  clearInterval(advancing);
});
