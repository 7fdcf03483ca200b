/** Files of earlier versions: they go on as they are, whatever interrupts the migration, and damage in them is told as before. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import type { SqliteDriver } from '../../../src/journal/sqlite/database.ts';
import { resultDigest } from '../../../src/journal/chain.ts';
import { migrate, migrations, newestVersion } from '../../../src/journal/sqlite/schema.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { toFailure } from '../../../src/values/failure.ts';
import { commitFor, commitTime as now } from '../../../src/testing/suites/commit.ts';
import { drivers } from './drivers.ts';
import { earlierJournal, firstActor } from './earlier.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-migration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fresh = () => join(mkdtempSync(join(folder, 'm-')), 'j.db');

const versionOf = async (path: string, driver: SqliteDriver['name']) => {
  const db = await openSqliteDriver(path, driver);
  const version = Number(Object.values(db.prepare('PRAGMA user_version').get() ?? {})[0]);
  db.close();
  return version;
};

/** All that can be read of the first actor and its run. */
const readingOf = async (journal: Journal) => ({
  actor: await journal.load(firstActor),
  said: await journal.list(firstActor, 'said'),
  history: await journal.history({ run: 'r' }),
  ledger: await journal.ledger('r'),
  undelivered: await journal.undelivered('r'),
  handled: await journal.handled(firstActor, `${firstActor}-m2`),
});

describe.each(drivers)('a journal of an earlier version on %s', (driver) => {
  const earlier = async (actors?: number, large?: string) => {
    const path = fresh();
    await earlierJournal(path, driver, actors, large);
    return path;
  };

  test('is read as it was written, and goes on', async () => {
    await using journal = await sqlite(await earlier(), { driver });
    const { actor, said, history, ledger, undelivered, handled } = await readingOf(journal);
    expect(actor?.pending.map(({ key }) => key.slice(firstActor.length))).toEqual([
      '/1/0',
      '/1/2',
      '/2/0',
      '/2/2',
      '/3/0',
      '/3/1',
      '/3/2',
    ]);
    expect(actor).toMatchObject({ seq: 3, snapshot: { seq: 3 }, meta: { input: 0 }, lists: { said: 3 } });
    expect(said).toEqual(['entry 1', 'entry 2', 'entry 3']);
    expect(history).toHaveLength(9);
    expect(history[0]?.opens.map(({ data }) => data !== null)).toEqual([true, false, true]);
    expect(ledger.map(({ outcome }) => outcome.ok && outcome.output)).toEqual(
      [0, 1, 2].flatMap(() => ['result 2', 'result 3']),
    );
    expect(undelivered).toHaveLength(9);
    expect(handled).toMatchObject({ seq: 2, body: { n: 2 } });

    journal.settle('r', [`${firstActor}/1/2`]);
    for (let seq = 4; seq <= 40; seq++)
      await journal.commit(
        commitFor({
          actor: firstActor,
          seq,
          state: 'working',
          closes: seq === 4 ? [`${firstActor}/3/1`, `${firstActor}/1/0`] : [],
          results:
            seq === 4
              ? [{ key: `${firstActor}/3/1`, name: 's', input: 3, outcome: { ok: true, output: 'result 4' } }]
              : [],
          appends: [{ list: 'said', entry: `entry ${seq}` }],
          event: { id: `more ${seq}`, type: 'go', body: { n: seq }, inbox: true },
        }),
      );
    expect(await journal.list(firstActor, 'said', 2, 5)).toEqual(['entry 3', 'entry 4', 'entry 5']);
    expect(await journal.list(firstActor, 'said')).toEqual(
      Array.from({ length: 40 }, (_, index) => `entry ${index + 1}`),
    );
    expect((await journal.ledger('r')).at(-1)?.outcome).toEqual({ ok: true, output: 'result 4' });
    const later = await journal.load(firstActor);
    expect(later?.pending.map(({ key }) => key.slice(firstActor.length))).toEqual(['/2/0', '/2/2', '/3/0', '/3/2']);
    expect(await journal.verify()).toEqual({ actors: 3, commits: 46, damage: [] });
  });

  test('gives no position again that was given before, also of a run that was forgotten', async () => {
    await using journal = await sqlite(await earlier(), { driver });
    await journal.commit(commitFor({ actor: firstActor, seq: 4, state: 'working' }));
    expect((await journal.history({ actor: firstActor, newest: true, limit: 1 }))[0]?.position).toBeGreaterThan(1_009);
  });

  test('keeps a large value that a run uses, and deletes it with the last run', async () => {
    const large = 'y'.repeat(300_000);
    const path = await earlier(2, large);
    await using journal = await sqlite(path, { driver });
    expect((await journal.load(firstActor))?.snapshot).toBe(large);
    await journal.claim('other', 'me', { now, ttl: 1_000 });
    await journal.commit(commitFor({ run: 'other', actor: 'agent/other', status: 'done', snapshot: large }));
    expect(await journal.prune(now + 99)).toBe(1);
    expect((await journal.load(firstActor))?.snapshot).toBe(large);
    for (const n of [1, 0])
      await journal.commit(
        commitFor({
          actor: `agent/n${n}`,
          ...(n === 0 ? {} : { parent: firstActor }),
          seq: 4,
          status: 'done',
          meta: { input: n },
        }),
      );
    expect(await journal.prune(now + 99)).toBe(1);
    const db = await openSqliteDriver(path, driver);
    expect(db.prepare('SELECT (SELECT count(*) FROM blobs) + (SELECT count(*) FROM uses) AS n').get()).toMatchObject({
      n: 0,
    });
    db.close();
  });

  test('whose migration is killed at any statement is a whole journal of the one version or of the other', async () => {
    const path = await earlier(40);
    const truth = await (async () => {
      const copy = fresh();
      copyFileSync(path, copy);
      await using journal = await sqlite(copy, { driver });
      return await readingOf(journal);
    })();
    const db = await openSqliteDriver(path, driver);
    // Pages go to the write-ahead log before the transaction ends, as those of a large file do.
    db.exec('PRAGMA cache_size = 1');
    const copies: string[] = [];
    const killedAt: SqliteDriver = {
      ...db,
      exec(sql) {
        for (const statement of sql.split(';').filter((part) => part.trim() !== '')) {
          db.exec(statement);
          const copy = fresh();
          for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end);
          copies.push(copy);
        }
      },
    };
    migrate(killedAt, path, 0);
    db.close();
    expect(copies.length).toBeGreaterThan(15);
    const versions = new Set<number>();
    for (const [n, copy] of copies.entries()) {
      versions.add(await versionOf(copy, driver));
      await using journal = await sqlite(copy, { driver });
      expect(await readingOf(journal), `killed after statement ${n + 1}`).toEqual(truth);
    }
    expect([...versions]).toEqual([4, newestVersion]);
  });

  test.each([
    ['a commit', `UPDATE commits SET event = replace(event, 'go', 'no') WHERE seq = 2 AND actor = 1`],
    ['a commit that is gone', 'DELETE FROM commits WHERE seq = 2 AND actor = 1'],
    ['the hash of a commit', `UPDATE commits SET hash = upper(hash) WHERE seq = 1 AND actor = 1`],
    ['the snapshot', `UPDATE actors SET snapshot = '{}' WHERE id = 1`],
    ['an entry of a list', `UPDATE entries SET data = '"x"' WHERE n = 1 AND actor = 1`],
    ['the last entry of a list', 'DELETE FROM entries WHERE n = 2 AND actor = 1'],
    ['what is pending', `UPDATE pending SET data = '{}' WHERE key = 'agent/n0/1/0'`],
    ['what was pending, and is gone', `DELETE FROM pending WHERE key = 'agent/n0/3/1'`],
    ['what was settled, and is there', `INSERT INTO pending VALUES ('agent/n0/1/1', 1, 'effect', NULL, '{}')`],
    ['a result', `UPDATE ledger SET outcome = replace(outcome, '2', '3') WHERE key = 'agent/n0/1/1'`],
    ['a message that was handled', `DELETE FROM inbox WHERE id = 'agent/n0-m2'`],
  ])('with damage to %s is migrated, and only that actor is not run', async (_, damage) => {
    const path = await earlier();
    const db = await openSqliteDriver(path, driver);
    db.exec(damage);
    db.close();
    await using journal = await sqlite(path, { driver });
    expect((await journal.verify()).damage.map(({ actor }) => actor)).toEqual([firstActor]);
    expect(await journal.load('agent/n1')).toMatchObject({ seq: 3 });
  });

  test.each([
    ['its recipient has it', `INSERT INTO inbox VALUES (2, 'agent/n0/1/0', 9)`, true],
    ['it waits in the inbox', `INSERT INTO mail VALUES (1, 'r', 'agent/n0/1/0', '{}', NULL)`, true],
    ['it is nowhere', 'SELECT 1', false],
  ])(
    'whose delayed message went out under the key of its timer is loaded when %s, and not when it is lost',
    async (_, evidence, isLoaded) => {
      const path = await earlier();
      const db = await openSqliteDriver(path, driver);
      db.exec(`DELETE FROM pending WHERE key = 'agent/n0/1/0'; ${evidence}`);
      db.close();
      await using journal = await sqlite(path, { driver });
      const loaded = journal.load(firstActor).then(
        (stored) => stored?.pending.some(({ key }) => key === `${firstActor}/1/0`),
        (thrown: unknown) => toFailure(thrown).kind,
      );
      expect(await loaded).toBe(isLoaded ? false : 'corrupt');
    },
  );

  test.each(['approval', 'routing', 'team', 'letters'])(
    'that was kept (%s) is whole after the migration',
    async (name) => {
      const path = fresh();
      writeFileSync(path, gunzipSync(readFileSync(new URL(`../../stored/fixtures/${name}.db.gz`, import.meta.url))));
      expect(await versionOf(path, driver)).toBeLessThan(newestVersion);
      await using journal = await sqlite(path, { driver });
      expect((await journal.verify()).damage).toEqual([]);
      expect(await versionOf(path, driver)).toBe(newestVersion);
    },
  );

  test.each(migrations.map((_, before) => before + 1))(
    'of version %i is opened, and becomes one of the newest',
    async (version) => {
      const path = fresh();
      const db = await openSqliteDriver(path, driver);
      db.exec('PRAGMA journal_mode = WAL');
      for (const migration of migrations.slice(0, version)) db.exec(migration);
      db.exec(`PRAGMA user_version = ${version}`);
      db.close();
      await using journal = await sqlite(path, { driver });
      expect(await journal.verify()).toEqual({ actors: 0, commits: 0, damage: [] });
      expect(await versionOf(path, driver)).toBe(newestVersion);
    },
  );

  test('that a newer troupe migrates while it is open is of a newer version, and not damaged', async () => {
    const path = fresh();
    await using journal = await sqlite(path, { driver });
    await journal.claim('r', 'me', { now, ttl: 1_000 });
    await journal.commit(commitFor({ seq: 1 }));
    await using other = await sqlite(path, { driver });
    const db = await openSqliteDriver(path, driver);
    // What the newer version has written is not what this one expects.
    db.exec(`UPDATE actors SET snapshot = '{"newer":1}'`);
    await expect(journal.load('agent/a')).rejects.toMatchObject({ kind: 'corrupt' });
    db.exec(`PRAGMA user_version = ${newestVersion + 1}`);
    db.close();
    for (const read of [journal, other])
      for (const told of [() => read.load('agent/a'), () => read.find({ run: 'r' }), () => read.verify()])
        await expect(told()).rejects.toMatchObject({
          kind: 'incompatible',
          data: { found: newestVersion + 1, known: newestVersion },
          message: expect.stringContaining(`The journal ${path} is of version ${newestVersion + 1}`) as unknown,
        });
  });

  test('of the fifth version keeps the results that were stored without a commit, and new ones follow', async () => {
    const path = fresh();
    {
      await using journal = await sqlite(path, { driver });
      await journal.claim('r', 'me', { now, ttl: 1_000 });
      const opens = [1, 2].map((n) => ({
        key: `agent/a/1/${n}`,
        kind: 'effect' as const,
        data: { id: 'x', src: 's', input: n },
      }));
      await journal.commit(commitFor({ seq: 1, opens }));
    }
    const db = await openSqliteDriver(path, driver);
    db.exec('DROP TABLE results; PRAGMA user_version = 5');
    const [input, outcome] = ['null', '{"ok":true,"output":"first"}'];
    for (const key of ['agent/a/1/1', 'agent/a/1/1/1.1']) {
      const row = { key, actor: 1, at: now, name: 's', input, outcome, position: 1 };
      db.prepare('INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
        key,
        1,
        now,
        's',
        input,
        outcome,
        resultDigest(row),
        1,
      );
    }
    db.close();
    await using journal = await sqlite(path, { driver });
    const result = (key: string, output: string) =>
      ({ key, name: 's', input: { output }, outcome: { ok: true, output } }) as const;
    await journal.record('r', 1, 'agent/a', now, result('agent/a/1/1/1.2', 'second'));
    await journal.record('r', 1, 'agent/a', now, result('agent/a/1/2', 'third'));
    await journal.record('r', 1, 'agent/a', now, result('agent/earlier/1/2', 'fourth'));
    const ledger = await journal.ledger('r');
    expect(ledger.map(({ key, outcome }) => [key, outcome.ok && outcome.output])).toEqual([
      ['agent/a/1/1', 'first'],
      ['agent/a/1/1/1.1', 'first'],
      ['agent/a/1/1/1.2', 'second'],
      ['agent/a/1/2', 'third'],
      ['agent/earlier/1/2', 'fourth'],
    ]);
    expect([...((await journal.load('agent/a'))?.results.keys() ?? [])]).toEqual(['agent/a/1/1', 'agent/a/1/2']);
    expect((await journal.verify()).damage).toEqual([]);
  });

  test('of the first version has its history in order', async () => {
    const path = await earlier();
    const db = await openSqliteDriver(path, driver);
    db.exec(`CREATE TABLE old (
        actor INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL, status TEXT NOT NULL,
        event TEXT NOT NULL, opens TEXT NOT NULL, closes TEXT NOT NULL, sums TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (actor, seq)) WITHOUT ROWID;
      INSERT INTO old SELECT actor, seq, at, epoch, state, status, event, opens, closes, sums, hash FROM commits;
      DROP TABLE commits;
      ALTER TABLE old RENAME TO commits;
      DROP INDEX actors_going;
      DROP INDEX actors_address;
      DROP INDEX ledger_actor;
      CREATE INDEX ledger_actor ON ledger (actor);
      ALTER TABLE replies DROP COLUMN sum;
      ALTER TABLE claims DROP COLUMN sum;
      ALTER TABLE mail DROP COLUMN sum;
      PRAGMA user_version = 1`);
    db.close();
    await using journal = await sqlite(path, { driver });
    const history = await journal.history({ run: 'r' });
    expect(history.map(({ actor, seq }) => `${actor} ${seq}`)).toEqual(
      [1, 2, 3].flatMap((seq) => [0, 1, 2].map((n) => `agent/n${n} ${seq}`)),
    );
    expect(await journal.verify()).toEqual({ actors: 3, commits: 9, damage: [] });
    await journal.commit(commitFor({ actor: firstActor, seq: 4, state: 'working', updated: now - 99 }));
    expect(await journal.history({ run: 'r', after: history.at(-1)!.position })).toHaveLength(1);
  });

  test.skipIf(process.getuid?.() === 0)('that may not be written is left as it is, and the error says so', async () => {
    const path = await earlier();
    chmodSync(path, 0o444);
    await expect(sqlite(path, { driver })).rejects.toMatchObject({ kind: 'storage', data: { reason: 'read-only' } });
    chmodSync(path, 0o644);
    expect(await versionOf(path, driver)).toBe(4);
  });
});
