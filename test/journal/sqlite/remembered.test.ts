/** What the journal remembers of its own writes never hides what another process has written. */
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Commit } from '../../../src/journal/journal.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { commitFor, commitTime as now } from '../../../src/testing/suites/commit.ts';
import { drivers } from './drivers.ts';

setFlagsFromString('--expose-gc');
// Node gives the function to contexts that are made after the flag was set.
const collect = runInNewContext('gc') as () => void;

/** What is not held is freed a while after it was collected, by another thread: the least of a while counts. */
async function leastHeld(of: (usage: NodeJS.MemoryUsage) => number): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 40; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    least = Math.min(least, of(process.memoryUsage()));
  }
  return least;
}

const file = () => join(mkdtempSync(join(tmpdir(), 'troupe-remembered-')), 'j.db');
const result = (key: string) => ({ key, name: 'body', input: null, outcome: { ok: true as const, output: key } });

test.each(drivers)(
  'on %s a process whose run was taken is refused at its next write, and goes on from what the other has written',
  async (driver) => {
    const path = file();
    await using first = await sqlite(path, { driver });
    await using second = await sqlite(path, { driver });
    expect(await first.claim('r', 'first', { now, ttl: 1 })).toBe(1);
    await first.commit(commitFor({ seq: 1 }));
    await first.commit(commitFor({ seq: 2 }));
    expect(await second.claim('r', 'second', { now: now + 9, ttl: 1 })).toBe(2);
    await expect(first.commit(commitFor({ seq: 3 }))).rejects.toMatchObject({ kind: 'fenced' });
    await expect(first.record('r', 1, 'agent/a', now, result('k1'))).rejects.toMatchObject({ kind: 'fenced' });
    await second.commit(commitFor({ seq: 3, epoch: 2 }));
    expect(await first.claim('r', 'first', { now: now + 99, ttl: 1 })).toBe(3);
    await expect(first.commit(commitFor({ seq: 3, epoch: 3 }))).rejects.toMatchObject({ kind: 'conflict' });
    await first.commit(commitFor({ seq: 4, epoch: 3 }));
    expect((await second.load('agent/a'))?.seq).toBe(4);
    expect((await second.verify()).damage).toEqual([]);
  },
);

test.each(drivers)('on %s a commit that was refused, or rolled back with others, is not remembered', async (driver) => {
  await using journal = await sqlite(file(), { driver });
  await journal.claim('r', 'me', { now, ttl: 1 });
  await journal.commit(commitFor({ seq: 1 }));
  await expect(
    journal.commitAll?.([commitFor({ seq: 2 }), commitFor({ seq: 2, actor: 'agent/b' })]),
  ).rejects.toMatchObject({ kind: 'conflict' });
  await journal.commit(commitFor({ seq: 2 }));
  expect((await journal.load('agent/a'))?.seq).toBe(2);
  expect((await journal.verify()).damage).toEqual([]);
});

test.each(drivers)('on %s a run that was forgotten can be begun again under its name', async (driver) => {
  await using journal = await sqlite(file(), { driver });
  for (let round = 0; round < 2; round++) {
    expect(await journal.claim('r', 'me', { now, ttl: 1 })).toBe(1);
    await journal.commit(commitFor({ seq: 1, status: 'done' }));
    await journal.record('r', 1, 'agent/a', now, result('k1'));
    expect(await journal.ledger('r')).toHaveLength(1);
    expect(await journal.prune(now + 99)).toBe(1);
    await expect(journal.record('r', 1, 'agent/a', now, result('k1'))).rejects.toMatchObject({ kind: 'fenced' });
  }
});

test.each(drivers)(
  'on %s a process reads what another one has written after the run that had failed was retried, and finds no damage',
  async (driver) => {
    const path = file();
    const first = await sqlite(path, { driver });
    /** Two texts that have nothing in common: what is stored is compressed with what was stored before. */
    const [said, other] = ['said', 'other'].map((seed) =>
      createHash('shake256', { outputLength: 1_500 }).update(seed).digest('hex'),
    );
    const commit = (seq: number, body: string | undefined, over: Partial<Commit> = {}) =>
      commitFor({ seq, event: { id: `e${seq}`, type: 'task', body: body ?? null, inbox: true }, ...over });
    await first.claim('r', 'first', { now, ttl: 1 });
    await first.commit(commit(1, said));
    await first.commit(commit(2, said, { status: 'failed' }));
    await first.commit(commit(3, other));
    {
      await using second = await sqlite(path, { driver });
      await second.claim('r', 'second', { now: now + 9, ttl: 1 });
      await second.commit(commit(4, said, { epoch: 2 }));
    }
    for (const journal of [first, await sqlite(path, { driver })]) {
      await using _ = journal;
      expect(await journal.handled('agent/a', 'e4')).toMatchObject({ body: said });
      expect((await journal.load('agent/a'))?.seq).toBe(4);
      expect((await journal.verify()).damage).toEqual([]);
    }
  },
);

test.each(drivers)(
  'on %s a run that was said to be new, and that another process has claimed first, is not written',
  async (driver) => {
    const path = file();
    await using first = await sqlite(path, { driver });
    await using second = await sqlite(path, { driver });
    const claim = { now, ttl: 1_000, isNew: true };
    expect(await first.claim('r', 'first', claim)).toBe(1);
    expect(await first.renewAll?.('first', now + 1_000)).toBe(1);
    expect(await second.claim('r', 'second', claim)).toBe(1);
    await second.commit(commitFor({ seq: 1 }));
    await expect(first.commit(commitFor({ seq: 1, actor: 'agent/b' }))).rejects.toMatchObject({ kind: 'fenced' });
    expect(await first.renew('r', 1, now + 2_000)).toBe(false);
    await first.release('r', 1);
    await expect(first.claim('r', 'first', claim)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
    expect(await first.renewAll?.('first', now + 1_000)).toBe(0);
    expect(await second.find({ run: 'r' })).toMatchObject([{ actor: 'agent/a', seq: 1 }]);
    expect((await second.verify()).damage).toEqual([]);
  },
);

test.each(drivers)(
  'on %s nothing of the texts of ended runs stays in memory, also when they were read',
  async (driver) => {
    await using journal = await sqlite(file(), { driver });
    const buffers = () => leastHeld(({ arrayBuffers }) => arrayBuffers);
    const body = 'x'.repeat(8_000);
    const runs = async (name: string, count: number) => {
      const perform = async (_: unknown, n: number) => {
        const one = { run: `${name}${n}`, actor: `agent/${name}${n}` };
        await journal.claim(one.run, 'me', { now, ttl: 1, isNew: true });
        await journal.commit(commitFor({ ...one, seq: 1, event: { id: '1', type: 'task', body } }));
        await journal.commit(commitFor({ ...one, seq: 2, event: { id: '2', type: 'task', body }, status: 'done' }));
        expect(await journal.history({ actor: one.actor })).toHaveLength(2);
      };
      await Promise.all(Array.from({ length: count }, perform));
    };
    await runs('first', 20);
    const before = await buffers();
    await runs('r', 400);
    // Their texts are 6.4 MB, in buffers of which Node makes one for many.
    expect((await buffers()) - before).toBeLessThan(4_000_000);
  },
);

test.each(drivers)(
  'on %s snapshots of actors that were read do not stay in memory, and are read again',
  async (driver) => {
    await using journal = await sqlite(file(), { driver });
    await journal.claim('r', 'me', { now, ttl: 1_000, isNew: true });
    const [actors, sent] = [40, 200];
    const snapshot = { said: 's'.repeat(160_000) };
    const pendings = (actor: string) =>
      Array.from({ length: sent / actors }, (_, n) => {
        const id = `${actor}/1/${n}`;
        const envelope = { id, type: 'pong', body: 'm'.repeat(1_500), from: actor, to: 'door/x', run: 'r' };
        return { key: id, kind: 'message' as const, data: { ...envelope, kind: 'signal' as const } };
      });
    const nameOf = (n: number) => (n === 0 ? 'agent/a' : `agent/a${n}`);
    for (let n = 0; n < actors; n++) {
      const parent = n === 0 ? undefined : nameOf(0);
      await journal.commit(commitFor({ actor: nameOf(n), parent, snapshot, opens: pendings(nameOf(n)) }));
    }
    const held = () => leastHeld(({ heapUsed, arrayBuffers }) => heapUsed + arrayBuffers);
    const load = async () => {
      for (let n = 0; n < actors; n++) {
        const stored = await journal.load(nameOf(n));
        expect(stored?.snapshot).toEqual(snapshot);
        expect(stored?.pending).toEqual(pendings(nameOf(n)));
      }
    };
    const before = await held();
    await load();
    // Of 6.4 MB that were read.
    expect((await held()) - before).toBeLessThan(3_000_000);
    await load();
  },
);
