/** What a commit costs in SQLite: the same however many came before, and a large value is stored once. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import type { SqliteDriver } from '../../../src/journal/sqlite/database.ts';
import { GroupCommit } from '../../../src/journal/sqlite/groupCommit.ts';
import { journalIn, sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { finishedList } from '../../../src/values/finishedList.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { drivers } from './drivers.ts';

/** A journal in a fresh file, its database, and the statements that it executes. */
async function opened(driver: SqliteDriver['name'], elapsed?: () => number) {
  const path = join(mkdtempSync(join(tmpdir(), 'troupe-cost-')), 'j.db');
  await (await sqlite(path, { driver }))[Symbol.asyncDispose]();
  const db = await openSqliteDriver(path, driver);
  const executed: string[] = [];
  const noted: SqliteDriver = {
    ...db,
    prepare(sql) {
      const statement = db.prepare<never>(sql);
      const note =
        <T>(execute: (...values: never[]) => T) =>
        (...values: never[]) => (executed.push(sql), execute(...values));
      return {
        run: note((...values) => statement.run(...values)),
        get: note((...values) => statement.get(...values)),
        all: note((...values) => statement.all(...values)),
      };
    },
  };
  let transactions = 0;
  const exec = (sql: string) => ((transactions += Number(sql === 'COMMIT')), db.exec(sql));
  const journal = journalIn(noted, new GroupCommit({ ...db, exec }, undefined, elapsed));
  await journal.claim('r', 'me', { now: commitTime, ttl: 1_000 });
  return { db, journal, executed, transactions: () => transactions };
}

test.each(drivers)(
  'on %s the two hundredth commit executes the statements of the tenth, and none of them reads a whole table',
  async (driver) => {
    const { db, journal, executed } = await opened(driver);
    const statementsOf = async (seq: number) => {
      executed.length = 0;
      await journal.commit(
        commitFor({
          seq,
          event: { id: `m${seq}`, type: 'go', body: {}, inbox: true },
          opens: [{ key: `k${seq}`, kind: 'effect', data: { id: 'x', src: 's', input: null } }],
          closes: [`k${seq - 1}`],
          results: [{ key: `k${seq - 1}`, name: 's', input: null, outcome: { ok: true, output: null } }],
          appends: [{ list: 'said', entry: 'one more' }],
        }),
      );
      return [...executed];
    };
    for (let seq = 1; seq < 10; seq++) await statementsOf(seq);
    const tenth = await statementsOf(10);
    for (let seq = 11; seq < 200; seq++) await statementsOf(seq);
    expect(await statementsOf(200)).toEqual(tenth);
    expect(tenth.length).toBeGreaterThan(5);
    for (const sql of new Set(tenth)) {
      const unbound = [...sql.matchAll(/\?/g)].map(() => '');
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...unbound);
      expect(
        plan.filter(({ detail }) => String(detail).startsWith('SCAN')),
        sql,
      ).toEqual([]);
    }
    db.close();
  },
);

test.each(drivers)(
  'on %s a value is stored once, however often it is committed, from 256 × 1,024 characters on',
  async (driver) => {
    const { db, journal } = await opened(driver);
    const stored = () => Number(db.prepare('SELECT count(*) AS n FROM blobs').get()?.['n']);
    // With its quotes this text is as long as a value may be to stay where it is.
    const small = 'x'.repeat(256 * 1_024 - 2);
    await journal.commit(commitFor({ snapshot: small }));
    expect(stored()).toBe(0);
    const large = `${small}x`;
    for (let seq = 2; seq <= 20; seq++)
      await journal.commit(commitFor({ seq, snapshot: large, appends: [{ list: 'said', entry: large }] }));
    expect(stored()).toBe(1);
    expect((await journal.load('agent/a'))?.snapshot).toBe(large);
    expect(await journal.list('agent/a', 'said', 18)).toEqual([large]);
    db.close();
  },
);

test.each(drivers)('on %s a long list of results is stored once, whatever values hold it', async (driver) => {
  const { db, journal } = await opened(driver);
  const results = finishedList(Array.from({ length: 1_000 }, (_, item) => ({ item, text: 'some words' })));
  const output = { status: 'complete', output: { results } };
  await journal.commit(
    commitFor({
      snapshot: { end: output, output },
      // Queries read what a run was begun with, so it is whole.
      meta: { about: { name: 'news' }, input: { params: { results } } },
      results: [{ key: 'k', name: 's', input: null, outcome: { ok: true, output } }],
      appends: [{ list: 'records', entry: { id: 'each', end: output } }],
    }),
  );
  expect(db.prepare('SELECT count(*) AS n FROM blobs').get()).toEqual({ n: 1 });
  expect(
    db
      .prepare('SELECT max(length(record)) < 1000 AND max(length(snapshot)) < 1000 AS small FROM commits, actors')
      .get(),
  ).toEqual({ small: 1 });
  expect((await journal.load('agent/a'))?.snapshot).toEqual({ end: output, output });
  expect(await journal.list('agent/a', 'records')).toEqual([{ id: 'each', end: output }]);
  expect(await journal.find({ definition: 'news' })).toHaveLength(1);
  expect(await journal.verify()).toMatchObject({ damage: [] });
  await journal.commit(commitFor({ seq: 2, status: 'done' }));
  expect(await journal.prune(commitTime + 99)).toBe(1);
  expect(db.prepare('SELECT count(*) AS n FROM blobs').get()).toEqual({ n: 0 });
  db.close();
});

test.each(drivers)(
  'on %s a thousand actors that commit at once, and that have much to do then, go on a few at a time: timers and sockets have their turn between them',
  async (driver) => {
    let told = 0;
    const each: number[] = [];
    // What each of them does next takes a millisecond.
    const { db, journal } = await opened(driver, () => told + each.reduce((sum, n) => sum + n, 0));
    const turn = () => {
      each.push(told);
      told = 0;
      if (each.reduce((sum, n) => sum + n, 0) < 1_000) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => journal.commit(commitFor({ actor: `agent/n${n}` })).then(() => told++)),
    );
    expect(Math.max(...each)).toBeLessThanOrEqual(16);
    db.close();
  },
);

test.each(drivers)(
  'on %s actors that had little to do and then have much are told in smaller parts, also where all of them were told at once before',
  async (driver) => {
    let time = 0;
    let told = 0;
    const { db, journal } = await opened(driver, () => time);
    const commitAll = async (actor: string, from: number, to: number, work: number) => {
      for (let seq = from; seq <= to; seq++) {
        await journal.commit(commitFor({ actor, seq }));
        told++;
        time += work;
      }
    };
    const actors = Array.from({ length: 250 }, (_, n) => `agent/n${n}`);
    await Promise.all(actors.map((actor) => commitAll(actor, 1, 10, 0)));
    const each: number[] = [];
    let isOver = false;
    const turn = () => {
      each.push(told);
      told = 0;
      if (!isOver) setImmediate(turn);
    };
    told = 0;
    setImmediate(turn);
    // Now each of them has something to do for a millisecond.
    await Promise.all(actors.slice(0, 100).map((actor) => commitAll(actor, 11, 30, 1)));
    isOver = true;
    expect(Math.max(...each.slice(each.length >> 1))).toBeLessThanOrEqual(8);
    db.close();
  },
);

test.each(drivers)(
  'on %s nothing is left to do once the journal is closed while some wait to be told',
  async (driver) => {
    const { group } = await counted(driver);
    const all = Array.from({ length: 40 }, () => group.add(() => {}));
    let again: Promise<void> | undefined;
    // What comes while others are told is written in a turn in which nobody is; the journal is closed before that one.
    void all[0]?.then(() => void (again = group.add(() => {})));
    const immediate = vi.spyOn(globalThis, 'setImmediate');
    try {
      for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
      group.close();
      await Promise.all([...all, again]);
      await turns();
      immediate.mockClear();
      await turns();
      expect(immediate.mock.calls.length).toBe(5);
    } finally {
      immediate.mockRestore();
    }
  },
);

test.each(drivers)(
  'on %s a hundred actors that commit one time after the other, and have little to do in between, share their transactions',
  async (driver) => {
    const { db, journal, transactions } = await opened(driver, () => 0);
    const before = transactions();
    const commitAll = async (actor: string) => {
      for (let seq = 1; seq <= 20; seq++) await journal.commit(commitFor({ actor, seq }));
    };
    await Promise.all(Array.from({ length: 100 }, (_, n) => commitAll(`agent/n${n}`)));
    expect(transactions() - before).toBeLessThanOrEqual(2 * 20);
    db.close();
  },
);

/** A journal whose transactions are counted, on a clock that the test advances. */
async function counted(driver: (typeof drivers)[number]) {
  const path = join(mkdtempSync(join(tmpdir(), 'troupe-cost-')), 'j.db');
  await (await sqlite(path, { driver }))[Symbol.asyncDispose]();
  const db = await openSqliteDriver(path, driver);
  let count = 0;
  const noted = { ...db, exec: (sql: string) => ((count += Number(sql === 'COMMIT')), db.exec(sql)) };
  const clock = virtualClock();
  const group = new GroupCommit(noted, clock);
  return { db, journal: journalIn(noted, group), group, clock, transactions: () => count };
}

/** The event loop has turned a few times. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test.each(drivers)(
  'on %s that a message was delivered is written in the next transaction, or after a moment: nobody waits for it',
  async (driver) => {
    const { journal, group, clock, transactions } = await counted(driver);
    const message = (id: string) => ({
      key: id,
      kind: 'message' as const,
      data: { id, type: 'news', body: null, from: 'agent/a', to: 'agent/b', run: 'r', kind: 'signal' as const },
    });
    const waiting = async () => (await journal.undelivered('r')).map(({ id }) => id);
    await journal.claim('r', 'me', { now: commitTime, ttl: 1_000, isNew: true });
    await journal.commit(commitFor({ opens: [message('m1'), message('m2'), message('m3')] }));
    const before = transactions();
    journal.settle('r', ['m1']);
    await turns();
    expect(transactions()).toBe(before);
    await journal.commit(commitFor({ seq: 2 }));
    expect([transactions(), await waiting()]).toEqual([before + 1, ['m2', 'm3']]);
    journal.settle('r', ['m2']);
    clock.advance(20);
    await turns();
    expect([transactions(), await waiting()]).toEqual([before + 2, ['m3']]);
    journal.settle('r', ['m3']);
    group.close();
    expect(await waiting()).toEqual([]);
  },
);

test.each(drivers)(
  'on %s a new run is claimed in the transaction of its first commit, and given back in the next one, or after a moment',
  async (driver) => {
    const { db, journal, group, clock, transactions } = await counted(driver);
    const begin = async (run: string) => {
      await journal.claim(run, 'me', { now: commitTime, ttl: 1_000, isNew: true });
      await journal.commit(commitFor({ run, actor: `agent/${run}`, status: 'done' }));
    };
    await begin('r');
    expect(transactions()).toBe(1);
    const released = journal.release('r', 1, 'ended');
    await turns();
    expect(transactions()).toBe(1);
    await begin('s');
    await released;
    expect(transactions()).toBe(2);
    const later = journal.release('s', 1, 'ended');
    clock.advance(20);
    await later;
    expect(transactions()).toBe(3);
    // Where somebody waits for it, or the journal is closed, it is written at once.
    await begin('t');
    await journal.release('t', 1);
    await begin('u');
    const last = journal.release('u', 1, 'ended');
    group.close();
    await last;
    expect(transactions()).toBe(7);
    for (const run of ['r', 's', 't', 'u'])
      expect(db.prepare('SELECT until FROM claims WHERE run = ?').get(run)).toEqual({ until: 0 });
  },
);

/** A message from an actor to its parent; its body is a text of so many characters. */
const told = (actor: string, length = 300) => ({
  key: `${actor}/told`,
  kind: 'message' as const,
  data: {
    id: `${actor}/told`,
    type: 'finished',
    body: actor.padEnd(length, '.'),
    from: actor,
    to: 'agent/a',
    run: 'r',
    kind: 'signal' as const,
  },
});
/** A snapshot as an agent has one: about a kilobyte, of which little differs. */
const snapshotOf = (actor: string, state: string) => ({ actor, state, facts: 'nothing yet, '.repeat(70) });

test.each(drivers)(
  'on %s an actor that does one task, and tells its parent, takes less than a page of the file, and is read as it was written',
  async (driver) => {
    const { db, journal } = await opened(driver);
    await journal.commit(commitFor({ snapshot: 'root' }));
    const pages = () => Number(Object.values(db.prepare('PRAGMA page_count').get() ?? {})[0]);
    const before = pages();
    const workers = Array.from({ length: 200 }, (_, n) => `worker/${n}`);
    const step = (actor: string, over: Parameters<typeof commitFor>[0]) =>
      journal.commit(commitFor({ actor, type: 'worker', parent: 'agent/a', ...over }));
    await Promise.all(workers.map((actor) => step(actor, { snapshot: snapshotOf(actor, 'working') })));
    expect((await journal.load('worker/7'))?.snapshot).toEqual(snapshotOf('worker/7', 'working'));
    await Promise.all(
      workers.map((actor) =>
        step(actor, { seq: 2, status: 'done', snapshot: snapshotOf(actor, 'done'), opens: [told(actor)] }),
      ),
    );
    expect(pages() - before).toBeLessThan(workers.length);

    const [found] = await journal.find({ actor: 'worker/7' });
    for (const actor of [found, await journal.load('worker/7')])
      expect(actor).toMatchObject({ status: 'done', snapshot: snapshotOf('worker/7', 'done') });
    const waiting = await journal.undelivered('r');
    expect(waiting).toEqual(workers.map((actor) => told(actor).data));
    journal.settle(
      'r',
      waiting.map(({ id }) => id),
    );
    await step('worker/7', { seq: 3, snapshot: 'again' });
    expect(await journal.load('worker/7')).toMatchObject({ status: 'active', snapshot: 'again', pending: [] });
    expect(await journal.verify()).toMatchObject({ damage: [] });
    db.close();
  },
);

test.each(drivers)('on %s a long message goes from the file when it is settled', async (driver) => {
  const { db, journal } = await opened(driver);
  const long = told('agent/a', 10_000);
  await journal.commit(commitFor({ opens: [long] }));
  expect(await journal.undelivered('r')).toEqual([long.data]);
  await journal.commit(commitFor({ seq: 2, closes: [long.key] }));
  expect(await journal.undelivered('r')).toEqual([]);
  expect(db.prepare('SELECT count(*) AS n FROM pending').get()).toEqual({ n: 0 });
  expect(Number(db.prepare('SELECT max(length(record)) AS n FROM commits').get()?.['n'])).toBeLessThan(1_000);
  db.close();
});

test.each(drivers)(
  'on %s a short record is stored as it is, a longer one is compressed, and both are read as they were written',
  async (driver) => {
    const { db, journal } = await opened(driver);
    const said = (text: string, actor: string) => commitFor({ actor, event: { id: actor, type: 'go', body: text } });
    await journal.commit(said('short', 'agent/a'));
    await journal.commit({ ...said('long '.repeat(200), 'agent/b'), parent: 'agent/a' });
    await journal.commit({ ...said('next', 'agent/a'), seq: 2 });
    await journal.commit({ ...said('longer '.repeat(100), 'agent/a'), seq: 3 });
    await journal.commit({ ...said('last', 'agent/a'), seq: 4 });
    const records = db.prepare<{ readonly record: Uint8Array }>('SELECT record FROM commits ORDER BY position').all();
    expect(records.map(({ record }) => Buffer.from(record).includes('"go"'))).toEqual([true, false, true, false, true]);
    expect((await journal.history({ run: 'r' })).map(({ event }) => event.body)).toEqual([
      'short',
      'long '.repeat(200),
      'next',
      'longer '.repeat(100),
      'last',
    ]);
    expect((await journal.verify()).damage).toEqual([]);
  },
);
