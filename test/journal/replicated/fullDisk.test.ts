import { expect, test } from 'vitest';
import { TroupeError } from '../../../src/values/failure.ts';
import { systemClock } from '../../../src/engine/clock.ts';
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
