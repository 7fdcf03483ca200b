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
import type { Envelope } from '../../../src/contracts/envelope.ts';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { drivers } from './drivers.ts';
import { damageRecords } from './records.ts';

const fresh = () => join(mkdtempSync(join(tmpdir(), 'troupe-damage-')), 'j.db');
const refusal = (kind: string, text: RegExp) =>
  expect.objectContaining({ name: 'TroupeError', kind, message: expect.stringMatching(text) as string });
const now = 1_700_000_000_000;

const messageOf = (id: string, body: string): Envelope => ({
  id,
  type: 'pong',
  body,
  from: 'agent/n0',
  to: 'door/x',
  run: 'r',
  kind: 'signal',
});

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
          appends: [
            { list: 'said', entry: text },
            { list: 'dead', entry: { text } },
          ],
          results: [{ key: `agent/n${n}/${seq}/9`, name: 'read', input: { n }, outcome: { ok: true, output: text } }],
          opens: [
            { key: `agent/n${n}/${seq}/0`, kind: 'timer', due: now, data: { event: { type: 'tick', text } } },
            { key: `agent/n${n}/${seq}/1`, kind: 'message', data: messageOf(`agent/n${n}/${seq}/1`, text) },
          ],
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
      const damageCommit = (seq: number) =>
        damageRecords(path, driver, (_, address, of) => address === 'agent/n0' && of === seq);
      return { path, journal, damageFile, damageCommit };
    };
    const n0 = `actor = (SELECT id FROM actors WHERE actor = 'agent/n0')`;
    const next = (over = {}) => commitFor({ actor: 'agent/n0', seq: 4, epoch: 2, snapshot: 'new', ...over });

    test('finds damage to later commits', async () => {
      const { journal, damageCommit } = await begun();
      await using _ = journal;
      await journal.commit(next());
      await journal.commit(next({ seq: 5 }));
      await damageCommit(4);
      await expect(journal.load('agent/n0')).rejects.toEqual(refusal('corrupt', /agent\/n0, commit 4/));
    });

    test.each([
      ['the snapshot', `UPDATE actors SET snapshot = '1' WHERE actor = 'agent/n0'`],
      ['the last commit', `UPDATE commits SET record = x'5b5d' WHERE seq = 3 AND ${n0}`],
      ['the hash of the last commit', `UPDATE commits SET hash = upper(hash) WHERE seq = 3 AND ${n0}`],
      ['the last commit, which is gone', `DELETE FROM commits WHERE seq = 3 AND ${n0}`],
      ['the last entry of a list', `DELETE FROM entries WHERE n = 2 AND ${n0}`],
      ['a message that waits', `UPDATE pending SET data = '{}' WHERE key = 'agent/n0/1/1'`],
      ['what waits, and was never opened', `UPDATE pending SET key = 'agent/n0/9/1' WHERE key = 'agent/n0/1/1'`],
    ])('finds damage to %s', async (_, sql) => {
      const begin = await begun();
      await using journal = begin.journal;
      begin.damageFile(sql);
      await expect(journal.load('agent/n0')).rejects.toEqual(refusal('corrupt', /agent\/n0/));
    });

    test('leaves older damage to verify() and to the next process', async () => {
      const { path, journal, damageCommit } = await begun();
      await using _ = journal;
      await damageCommit(2);
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
    db.exec(`UPDATE pending SET data = '{}' WHERE key = 'agent/n7/2/1'`);
    db.exec(`DELETE FROM commits WHERE seq = 2 AND actor = (SELECT id FROM actors WHERE actor = 'agent/n9')`);
    db.exec(`UPDATE actors SET updated = updated + 1 WHERE actor = 'agent/n15'`);
    db.exec(`DELETE FROM entries WHERE actor = (SELECT id FROM actors WHERE actor = 'agent/n13') AND n = 2`);
    db.close();
    await damageRecords(path, driver, (_, address, seq) => address === 'agent/n11' && seq === 1);
    await using journal = await open(path);
    await expect(journal.load('agent/n3')).rejects.toEqual(refusal('corrupt', /agent\/n3, commit 3: the snapshot/));
    await expect(journal.list('agent/n5', 'dead')).rejects.toEqual(
      refusal('corrupt', /agent\/n5.*entry 1 of the list "dead"/),
    );
    await expect(journal.load('agent/n7')).rejects.toEqual(refusal('corrupt', /agent\/n7\/2\/1/));
    await expect(journal.load('agent/n9')).rejects.toEqual(
      refusal('corrupt', /agent\/n9, commit 2: a commit is missing/),
    );
    await expect(journal.list('agent/n11', 'said')).rejects.toEqual(
      refusal('corrupt', /agent\/n11, commit 1: the commit is not what was written/),
    );
    await expect(journal.load('agent/n13')).rejects.toEqual(refusal('corrupt', /"dead" has 2 entries instead of 3/));
    await expect(journal.find({ actor: 'agent/n15' })).rejects.toEqual(refusal('corrupt', /agent\/n15/));
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
      return {
        snapshot,
        seq,
        state,
        status,
        pending,
        meta,
        said: await journal.list(actor, 'said'),
        dead: await journal.list(actor, 'dead'),
      };
    } catch (thrown) {
      expect(thrown).toMatchObject({ name: 'TroupeError', kind: expect.stringMatching(/corrupt|storage/) as string });
      return 'corrupt';
    }
  };
  return Object.fromEntries(await Promise.all(actors.map(async (actor) => [actor, await read(actor)] as const)));
}
