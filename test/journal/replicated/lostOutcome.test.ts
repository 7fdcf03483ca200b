/** A process falls so far behind the log that its replica is replaced by a snapshot: whether its own commit was stored is found in the journal, and nowhere else. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { Log } from '../../../src/journal/replicated/log.ts';
import { memoryReplica } from '../../../src/journal/replicated/memoryReplica.ts';
import { replicated } from '../../../src/journal/replicated/replicated.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';

const every = 10;
const claimOptions = { now: commitTime, ttl: 60_000 };
const second = (over: object = {}) => commitFor({ seq: 2, ...over });

/**
 * The process `mine` has the run and has asked for its second commit when it stops reading the log. `isStored`: the log has the commit.
 * Meanwhile others do something, and write until the log is cut.
 */
async function fallenBehind(isStored: boolean, meanwhile: (other: Journal) => Promise<void> = async () => {}) {
  const shared = new SharedLog();
  let isStalled = false;
  let go = () => {};
  const going = new Promise<void>((resolve) => (go = resolve));
  const through = (inner: Log): Log => ({
    ...inner,
    append: async (id, bytes) => (isStalled && !isStored ? undefined : inner.append(id, bytes)),
    async *entries(from, signal) {
      for await (const entry of inner.entries(from, signal)) {
        if (isStalled) await going;
        yield entry;
      }
    },
  });
  const open = (log: Log) => replicated({ log, replica: memoryReplica(), clock: systemClock(), snapshotEvery: every });
  const mine = await open(through(shared.open()));
  const other = await open(shared.open());
  await mine.claim('r', 'me', claimOptions);
  await mine.commit(commitFor({ seq: 1 }));
  isStalled = true;
  // The entry that the process has in hand when it stops.
  const epoch = await other.claim('q', 'other', claimOptions);
  const asked = mine.commit(second());
  const rejected = expect(asked).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringContaining('fell behind the log') as string,
  });
  await new Promise((turn) => setImmediate(turn));
  await meanwhile(other);
  for (let seq = 1; seq <= 4 * every; seq++) {
    await other.commit(commitFor({ run: 'q', actor: 'agent/q', seq, epoch }));
    const { last } = shared.standing;
    if (last % every === 0) await expect.poll(() => shared.open().snapshots.list()).toContain(last);
  }
  await expect.poll(() => shared.standing.first).toBeGreaterThan(every);
  isStalled = false;
  go();
  await rejected;
  return {
    mine,
    async [Symbol.asyncDispose]() {
      await Promise.all([mine, other].map((journal) => journal[Symbol.asyncDispose]()));
    },
  };
}
const seconds = async (journal: Journal) =>
  (await journal.history({ actor: 'agent/a' }))
    .filter(({ seq }) => seq === 2)
    .map(({ epoch, event }) => [epoch, event.id]);

test('a commit that was stored is recognised when it is asked for again, and is made once', async () => {
  await using at = await fallenBehind(true);
  await at.mine.commit(second());
  expect(await seconds(at.mine)).toEqual([[1, 'e2']]);
});

test('a commit that was not stored is made when it is asked for again', async () => {
  await using at = await fallenBehind(false);
  await at.mine.commit(second());
  expect(await seconds(at.mine)).toEqual([[1, 'e2']]);
});

test('the same step by a process that took over is not taken for the own one', async () => {
  const later = { now: commitTime + 61_000, ttl: 60_000 };
  await using at = await fallenBehind(false, async (other) => {
    const epoch = await other.claim('r', 'other', later);
    // The same message, handled by whoever has the run now.
    await other.commit(second({ epoch, appends: [{ list: 'said', entry: 'by the other one' }] }));
  });
  await expect(at.mine.commit(second())).rejects.toMatchObject({ kind: 'fenced' });
  expect(await seconds(at.mine)).toEqual([[2, 'e2']]);
});

test('another step of the same process at the same place is not taken for the lost one', async () => {
  await using at = await fallenBehind(false);
  const instead = second({ event: { id: 'e2b', type: 'stop', body: {} } });
  await at.mine.commit(instead);
  await expect(at.mine.commit(second())).rejects.toThrow();
  expect(await seconds(at.mine)).toEqual([[1, 'e2b']]);
});
