/** Whoever reads while another process stores something is told what was or what is, and never of damage. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SqliteDriver, SqlStatement } from '../../../src/journal/sqlite/database.ts';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import { RememberedRows } from '../../../src/journal/sqlite/remembered.ts';
import { journalIn, sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import type { WriteQueue } from '../../../src/journal/sqlite/store.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { message } from '../../../src/testing/suites/journal/fixtures.ts';
import { drivers } from './drivers.ts';

const actor = 'agent/a';
type Reader = ReturnType<typeof journalIn>;

/** Writes at once. */
function writingNow(db: SqliteDriver): WriteQueue {
  const remembered = new RememberedRows(db);
  const add = (write: () => void): Promise<void> => {
    db.exec('BEGIN IMMEDIATE');
    remembered.begin();
    write();
    db.exec('COMMIT');
    return Promise.resolve();
  };
  return { remembered, add, addLater: add };
}

/** The same database; `before` is called before each statement that reads. */
function watched(db: SqliteDriver, before: () => void): SqliteDriver {
  const told = <T>(result: () => T): T => (before(), result());
  return {
    ...db,
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    prepare: <R extends Parameters<typeof watchedStatement>[0]>(sql: string) =>
      watchedStatement(db.prepare<R & Record<string, never>>(sql), told) as never,
  };
}
const watchedStatement = (statement: SqlStatement, told: <T>(result: () => T) => T): SqlStatement => ({
  run: (...values) => statement.run(...values),
  get: (...values) => told(() => statement.get(...values)),
  all: (...values) => told(() => statement.all(...values)),
});

const effect = (key: string) => ({ key, kind: 'effect' as const, data: { id: 'x', src: 's', input: 'i'.repeat(40) } });
const outcome = { ok: true as const, output: 'o' };

test.each(
  drivers.flatMap((driver) =>
    ['load', 'list', 'undelivered', 'handled', 'find', 'history', 'ledger', 'mail', 'mailed', 'verify'].map(
      (read) => [driver, read] as const,
    ),
  ),
)('on %s, %s tells of no damage, whenever another process stores a step meanwhile', async (driver, read) => {
  const path = join(mkdtempSync(join(tmpdir(), 'troupe-reads-')), 'j.db');
  await using other = await sqlite(path, { driver });
  await other.claim('r', 'me', { now: commitTime, ttl: 1_000 });
  await other.commit(
    commitFor({ opens: [effect(`${actor}/1/0`)], event: { id: 'm1', type: 'go', body: 1, inbox: true } }),
  );
  await other.post(message('m2', { to: actor }));
  const own = await openSqliteDriver(path, driver);
  const writer = journalIn(own, writingNow(own));
  let seq = 1;
  const step = () => {
    seq++;
    void writer.commit(
      commitFor({
        seq,
        closes: [`${actor}/${seq - 1}/0`],
        results: [{ key: `${actor}/${seq - 1}/0`, name: 's', input: 'i', outcome }],
        opens: [effect(`${actor}/${seq}/0`)],
        appends: [{ list: 'said', entry: seq }],
        event: { id: `m${seq}`, type: 'go', body: seq, inbox: true },
      }),
    );
    // The inbox is empty, and holds one message, by turns.
    if (seq % 2 === 1) void writer.post(message(`m${seq + 1}`, { to: actor }));
  };
  let statements = 0;
  let at = 0;
  const db = await openSqliteDriver(path, driver);
  const reader: Reader = journalIn(
    watched(db, () => {
      if (++statements === at) step();
    }),
    writingNow(db),
  );
  const reads: Record<string, () => Promise<unknown>> = {
    load: () => reader.load(actor),
    list: () => reader.list(actor, 'said'),
    undelivered: () => reader.undelivered('r'),
    handled: () => reader.handled(actor, 'm1'),
    find: () => reader.find({ run: 'r' }),
    history: () => reader.history({ run: 'r' }),
    ledger: () => reader.ledger('r'),
    mail: () => reader.mail('r'),
    mailed: () => reader.mailed(),
    verify: async () => expect((await reader.verify()).damage).toEqual([]),
  };
  // One step more each time, until the read is over before it.
  for (at = 1; at < 100; at++) {
    statements = 0;
    await reads[read]?.();
    if (statements < at) break;
  }
  expect(at).toBeGreaterThan(1);
  expect(seq).toBe(at);
  own.close();
  db.close();
});

test.each(drivers.flatMap((driver) => (['before', 'after'] as const).map((when) => [driver, when] as const)))(
  'on %s, a run that another process begins just %s its claim reads is not told as damaged',
  async (driver, when) => {
    const path = join(mkdtempSync(join(tmpdir(), 'troupe-reads-')), 'j.db');
    await using _ = await sqlite(path, { driver });
    const own = await openSqliteDriver(path, driver);
    const writer = journalIn(own, writingNow(own));
    const db = await openSqliteDriver(path, driver);
    let hasBegun = false;
    const begin = () => {
      if (hasBegun) return;
      hasBegun = true;
      void writer.claim('r', 'other', { now: commitTime, ttl: 1_000 });
      void writer.commit(commitFor());
    };
    const reader = journalIn(watched(db, when === 'before' ? begin : () => {}), writingNow(db));
    const claimed = reader.claim('r', 'me', { now: commitTime, ttl: 1_000, isNew: true });
    if (when === 'before') await expect(claimed).rejects.toMatchObject({ kind: 'owned_elsewhere' });
    else {
      const epoch = await claimed;
      begin();
      // It is told with the first commit.
      await expect(reader.commit(commitFor({ epoch }))).rejects.toMatchObject({ kind: 'fenced' });
    }
    own.close();
    db.close();
  },
);
