/** A journal file that is damaged, foreign or not writable: each gives a clear error, and no commit is lost. */
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { drivers } from './drivers.ts';

const fresh = () => join(mkdtempSync(join(tmpdir(), 'troupe-damage-')), 'j.db');
const refusal = (kind: string, text: RegExp) =>
  expect.objectContaining({ name: 'TroupeError', kind, message: expect.stringMatching(text) as string });
const now = 1_700_000_000_000;

/** A journal with actors whose rows fill several pages. */
async function filledJournal(path: string, driver: (typeof drivers)[number], actors = 20) {
  await using journal = await sqlite(path, { driver });
  await journal.claim('r', 'me', { now, ttl: 1_000 });
  for (let n = 0; n < actors; n++) {
    for (let seq = 1; seq <= 3; seq++) {
      const text = `${n}:${seq}:`.repeat(40);
      await journal.commit(
        commitFor({
          actor: `agent/n${n}`,
          seq,
          snapshot: { text },
          appends: [{ list: 'said', entry: text }],
          results: [{ key: `agent/n${n}/${seq}/9`, name: 'read', input: { n }, outcome: { ok: true, output: text } }],
          opens: [{ key: `agent/n${n}/${seq}/0`, kind: 'timer', due: now, data: { event: { type: 'tick', text } } }],
        }),
      );
    }
  }
}

describe.each(drivers)('a journal on %s', (driver) => {
  const open = (path: string, options = {}) => sqlite(path, { driver, ...options });

  test('with a newer format version is not changed, and the error names both versions', async () => {
    const path = fresh();
    await filledJournal(path, driver, 1);
    const db = await openSqliteDriver(path, driver);
    db.exec('PRAGMA user_version = 99');
    db.close();
    const before = readFileSync(path);
    await expect(open(path)).rejects.toEqual(refusal('incompatible', /version 99; this troupe reads up to \d/));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('with an earlier format version is migrated, with its history in order and its chains intact', async () => {
    const path = fresh();
    await filledJournal(path, driver, 3);
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
    await using journal = await open(path);
    const history = await journal.history({ run: 'r' });
    expect(history.map(({ actor, seq }) => `${actor} ${seq}`)).toEqual(
      [1, 2, 3].flatMap((seq) => [0, 1, 2].map((n) => `agent/n${n} ${seq}`)),
    );
    expect(await journal.verify()).toEqual({ actors: 3, commits: 9, damage: [] });
    await journal.commit(commitFor({ actor: 'agent/n0', seq: 4, updated: now - 99 }));
    expect(await journal.history({ run: 'r', after: history.at(-1)!.position })).toHaveLength(1);
  });

  test('that is the database of another program is not changed', async () => {
    const path = fresh();
    const db = await openSqliteDriver(path, driver);
    db.exec('CREATE TABLE songs (title TEXT)');
    db.close();
    await expect(open(path)).rejects.toEqual(refusal('incompatible', /another program/));
  });

  test('that is not a database is refused as such', async () => {
    const path = fresh();
    writeFileSync(path, 'Dear diary, '.repeat(1_000));
    await expect(open(path)).rejects.toEqual(refusal('corrupt', /not a Troupe journal/));
    expect(readFileSync(path, 'utf8').startsWith('Dear diary')).toBe(true);
  });

  test('in a missing folder, or that is a folder, cannot be opened', async () => {
    await expect(open('/nowhere/at/all/j.db')).rejects.toEqual(refusal('storage', /cannot be opened/));
    const folder = fresh();
    mkdirSync(folder);
    await expect(open(folder)).rejects.toEqual(refusal('storage', /cannot be/));
  });

  test('that another program has locked is waited for, then reported as locked, and usable again when the lock is released', async () => {
    const path = fresh();
    await using journal = await open(path, { busyTimeout: 20 });
    await journal.claim('r', 'me', { now, ttl: 1_000 });
    const other = await openSqliteDriver(path, driver);
    other.exec('BEGIN EXCLUSIVE');
    await expect(journal.commit(commitFor())).rejects.toEqual(refusal('storage', /locked by another program/));
    other.exec('ROLLBACK');
    other.close();
    await journal.commit(commitFor());
    expect((await journal.load('agent/a'))!.seq).toBe(1);
  });

  test('on a full disk refuses the commit, keeps earlier commits, and works again when there is space', async () => {
    const path = fresh();
    await using journal = await open(path);
    await journal.claim('r', 'me', { now, ttl: 1_000 });
    await journal.commit(commitFor());
    const limit = await openSqliteDriver(path, driver);
    const pages = limit.prepare('PRAGMA page_count').get()!.page_count!;
    limit.close();
    await using small = await open(path, { maxPages: Number(pages) });
    const large = commitFor({ seq: 2, snapshot: 'x'.repeat(200_000) });
    await expect(small.commit(large)).rejects.toEqual(refusal('storage', /no room/));
    expect((await small.load('agent/a'))!.seq).toBe(1);
    await journal.commit(large);
    expect((await small.load('agent/a'))!.seq).toBe(2);
  });

  test('that was truncated is detected, and the process continues', async () => {
    const path = fresh();
    await filledJournal(path, driver);
    const { size } = statSync(path);
    truncateSync(path, Math.floor(size / 2));
    const detected = await open(path).then(
      async (journal) => {
        await using it = journal;
        const { damage } = await it.verify();
        return damage.length > 0;
      },
      (thrown: { kind: string }) => thrown.kind === 'corrupt',
    );
    expect(detected).toBe(true);
  });

  test('a flipped bit never gives a wrong value: it is detected, or changes nothing', async () => {
    const seeds = 100;
    const path = fresh();
    await filledJournal(path, driver);
    const sound = readFileSync(path);
    const truth = await readAll(path, driver);
    let detected = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const damageFile = fresh();
      writeFileSync(damageFile, sound);
      // A fixed stride that is prime to the size reaches headers, indexes and rows.
      const at = (seed * 7_919 * 13) % sound.length;
      const file = openSync(damageFile, 'r+');
      writeSync(file, Buffer.from([sound[at]! ^ (1 << (seed % 8))]), 0, 1, at);
      closeSync(file);
      const read = await readAll(damageFile, driver);
      for (const [actor, value] of Object.entries(read)) {
        if (value === 'corrupt') detected++;
        else expect(value, `actor ${actor}, bit ${seed % 8} of byte ${at} (seed ${seed})`).toEqual(truth[actor]);
      }
    }
    expect(detected).toBeGreaterThan(0);
  });

  test.each([
    ['actors', 'snapshot'],
    ['actors', 'state'],
    ['actors', 'meta'],
    ['commits', 'event'],
    ['commits', 'hash'],
    ['pending', 'data'],
    ['entries', 'data'],
  ])('invalid UTF-8 in %s.%s is detected as damage, and the process continues', async (table, column) => {
    const path = fresh();
    await filledJournal(path, driver, 1);
    const db = await openSqliteDriver(path, driver);
    db.exec(`UPDATE ${table} SET ${column} = CAST(CAST(${column} AS BLOB) || x'ff' AS TEXT)`);
    db.close();
    const { 'agent/n0': read } = await readAll(path, driver);
    expect(read).toBe('corrupt');
  });

  describe('a process that has loaded an actor before', () => {
    const begun = async () => {
      const path = fresh();
      await filledJournal(path, driver, 2);
      const journal = await open(path);
      await journal.claim('r', 'me', { now: now + 9_999, ttl: 1_000 });
      await journal.load('agent/n0');
      const db = await openSqliteDriver(path, driver);
      const damageFile = (sql: string) => {
        db.exec(sql);
        db.close();
      };
      return { path, journal, damageFile };
    };
    const n0 = `actor = (SELECT id FROM actors WHERE actor = 'agent/n0')`;
    const next = (over = {}) => commitFor({ actor: 'agent/n0', seq: 4, epoch: 2, snapshot: 'new', ...over });

    test('finds damage to later commits', async () => {
      const { journal, damageFile } = await begun();
      await using _ = journal;
      await journal.commit(next());
      await journal.commit(next({ seq: 5 }));
      damageFile(`UPDATE commits SET event = '{}' WHERE seq = 4 AND ${n0}`);
      await expect(journal.load('agent/n0')).rejects.toEqual(refusal('corrupt', /agent\/n0, commit 4/));
    });

    test.each([
      ['the snapshot', `UPDATE actors SET snapshot = '1' WHERE actor = 'agent/n0'`],
      ['the last commit', `UPDATE commits SET at = at + 1 WHERE seq = 3 AND ${n0}`],
      ['the last commit, which is gone', `DELETE FROM commits WHERE seq = 3 AND ${n0}`],
      ['the last entry of a list', `DELETE FROM entries WHERE n = 2 AND ${n0}`],
      ['what is pending', `UPDATE pending SET data = '{}' WHERE key = 'agent/n0/1/0'`],
      ['what was pending, and is gone', `DELETE FROM pending WHERE key = 'agent/n0/1/0'`],
    ])('finds damage to %s', async (_, sql) => {
      const begin = await begun();
      await using journal = begin.journal;
      begin.damageFile(sql);
      await expect(journal.load('agent/n0')).rejects.toEqual(refusal('corrupt', /agent\/n0/));
    });

    test('leaves older damage to verify() and to the next process', async () => {
      const { path, journal, damageFile } = await begun();
      await using _ = journal;
      damageFile(`UPDATE commits SET event = '{}' WHERE seq = 2 AND ${n0}`);
      expect((await journal.load('agent/n0'))!.seq).toBe(3);
      expect((await journal.verify()).damage).toMatchObject([{ actor: 'agent/n0', seq: 2 }]);
      await using other = await open(path);
      await expect(other.load('agent/n0')).rejects.toEqual(refusal('corrupt', /agent\/n0, commit 2/));
    });

    test('loads an actor that was pruned and started again', async () => {
      const { journal } = await begun();
      await using _ = journal;
      for (const n of [0, 1])
        await journal.commit(
          next({
            actor: `agent/n${n}`,
            status: 'done',
            updated: now,
            closes: [1, 2, 3].map((seq) => `agent/n${n}/${seq}/0`),
          }),
        );
      await journal.prune(now + 9_999);
      await journal.claim('r', 'me', { now, ttl: 1_000 });
      for (const seq of [1, 2, 3, 4]) await journal.commit(next({ seq, epoch: 1, snapshot: seq }));
      expect(await journal.load('agent/n0')).toMatchObject({ seq: 4, snapshot: 4, pending: [], lists: {} });
    });
  });

  test('damage to one actor does not affect the others', async () => {
    const path = fresh();
    await filledJournal(path, driver);
    const db = await openSqliteDriver(path, driver);
    db.exec(`UPDATE actors SET snapshot = replace(snapshot, '3', '4') WHERE actor = 'agent/n3'`);
    db.exec(
      `UPDATE entries SET data = '"forged"' WHERE actor = (SELECT id FROM actors WHERE actor = 'agent/n5') AND n = 1`,
    );
    db.exec(`UPDATE pending SET data = '{}' WHERE key = 'agent/n7/2/0'`);
    db.exec(`DELETE FROM commits WHERE seq = 2 AND actor = (SELECT id FROM actors WHERE actor = 'agent/n9')`);
    db.exec(`UPDATE ledger SET outcome = replace(outcome, '1', '2') WHERE key = 'agent/n15/1/9'`);
    db.exec(`DELETE FROM pending WHERE key = 'agent/n11/1/0'`);
    db.exec(`DELETE FROM entries WHERE actor = (SELECT id FROM actors WHERE actor = 'agent/n13') AND n = 2`);
    db.close();
    await using journal = await open(path);
    await expect(journal.load('agent/n3')).rejects.toEqual(refusal('corrupt', /agent\/n3, commit 3: the snapshot/));
    await expect(journal.list('agent/n5', 'said')).rejects.toEqual(
      refusal('corrupt', /agent\/n5.*entry 1 of the list "said"/),
    );
    await expect(journal.load('agent/n7')).rejects.toEqual(refusal('corrupt', /agent\/n7\/2\/0/));
    await expect(journal.load('agent/n9')).rejects.toEqual(
      refusal('corrupt', /agent\/n9, commit 2: a commit is missing/),
    );
    await expect(journal.load('agent/n11')).rejects.toEqual(refusal('corrupt', /agent\/n11\/1\/0 is gone/));
    await expect(journal.load('agent/n13')).rejects.toEqual(refusal('corrupt', /"said" has 2 entries instead of 3/));
    expect((await journal.load('agent/n4'))!.seq).toBe(3);
    expect((await journal.verify()).damage.map(({ actor }) => actor).sort()).toEqual([
      'agent/n11',
      'agent/n13',
      'agent/n15',
      'agent/n3',
      'agent/n5',
      'agent/n7',
      'agent/n9',
    ]);
  });
});

/** What a reader gets of every actor that ever existed: its state and lists, or `corrupt`. */
async function readAll(path: string, driver: (typeof drivers)[number]): Promise<Record<string, unknown>> {
  const actors = Array.from({ length: 20 }, (_, n) => `agent/n${n}`);
  const opened = await sqlite(path, { driver }).catch(() => undefined);
  if (!opened) return Object.fromEntries(actors.map((actor) => [actor, 'corrupt']));
  await using journal = opened;
  const read = async (actor: string) => {
    try {
      const stored = await journal.load(actor);
      if (!stored) return 'corrupt'; // The index lost it; verify() and the list of the run would show it.
      const { snapshot, seq, state, status, pending, meta } = stored;
      return { snapshot, seq, state, status, pending, meta, said: await journal.list(actor, 'said') };
    } catch (thrown) {
      expect(thrown).toMatchObject({ name: 'TroupeError', kind: expect.stringMatching(/corrupt|storage/) as string });
      return 'corrupt';
    }
  };
  return Object.fromEntries(await Promise.all(actors.map(async (actor) => [actor, await read(actor)] as const)));
}
