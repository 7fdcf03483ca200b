/** A journal file as the fourth version wrote it: what a commit said in columns, its results, list entries and pendings in tables of their own. */
import type { Json } from '../../../src/values/json.ts';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import type { SqliteDriver } from '../../../src/journal/sqlite/database.ts';
import { migrations } from '../../../src/journal/sqlite/schema.ts';
import {
  actorDigest,
  commitHash,
  listEntryDigest,
  pendingDigest,
  resultDigest,
  sha256Digest,
  shortDigest,
} from '../../../src/journal/chain.ts';
import { commitTime as now } from '../../../src/testing/suites/commit.ts';

/** The first actor; the others are `agent/n1` and so on. */
export const firstActor = 'agent/n0';

/** Every actor has three commits: each opens a timer and an effect, appends an entry and sends a message; the effect of the one before has its result, and is settled. */
export async function earlierJournal(
  path: string,
  driver: SqliteDriver['name'],
  actors = 3,
  large = '',
): Promise<void> {
  const db = await openSqliteDriver(path, driver);
  db.exec('PRAGMA journal_mode = WAL');
  for (const migration of migrations.slice(0, 4)) db.exec(migration);
  db.exec('PRAGMA user_version = 4');
  const run = (sql: string, ...values: (string | number | null)[]) => db.prepare(sql).run(...values);
  // A position that was given, and forgotten with its run.
  run(`INSERT INTO commits VALUES (?, 99, 1, 1, 1, '', '', '', '', '', '', '')`, 1_000);
  run('DELETE FROM commits');
  run(
    'INSERT INTO claims VALUES (?, ?, ?, ?, ?)',
    'r',
    1,
    'me',
    now + 1_000,
    shortDigest('r', '1', 'me', String(now + 1_000)),
  );
  const blob = JSON.stringify(large);
  if (large) run('INSERT INTO blobs VALUES (?, ?)', sha256Digest(blob), blob);
  for (let n = 0; n < actors; n++) {
    const [id, actor] = [n + 1, `agent/n${n}`];
    const meta = JSON.stringify({ input: n });
    let before = '';
    let entryHash = '';
    for (let seq = 1; seq <= 3; seq++) {
      const at = now + seq;
      const key = (index: number, of = seq) => `${actor}/${of}/${index}`;
      const snapshot = large ? `@blob:${sha256Digest(blob)}` : JSON.stringify({ seq });
      const row = { run: 'r', type: 'agent', parent: null, tags: '["thinking"]', created: now, meta, snapshot };
      if (seq === 1)
        run(
          'INSERT INTO actors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
          id,
          actor,
          'r',
          'agent',
          n === 0 ? null : firstActor,
          'active',
          'working',
          row.tags,
          now,
          at,
          seq,
          meta,
          snapshot,
        );
      else run('UPDATE actors SET updated = ?, seq = ?, snapshot = ? WHERE id = ?', at, seq, snapshot, id);
      const opens = [
        { key: key(0), kind: 'timer', due: now + 9, data: JSON.stringify({ event: { type: 'tick', n: seq } }) },
        { key: key(1), kind: 'effect', due: null, data: JSON.stringify({ id: 'x', src: 's', input: seq }) },
        { key: key(2), kind: 'message', due: null, data: JSON.stringify(message(key(2), actor)) },
      ];
      for (const { key: of, kind, due, data } of opens)
        run('INSERT INTO pending VALUES (?, ?, ?, ?, ?)', of, id, kind, due, data);
      const closes = seq === 1 ? [] : [key(1, seq - 1)];
      for (const closed of closes) {
        run('DELETE FROM pending WHERE key = ?', closed);
        const outcome = JSON.stringify({ ok: true, output: `result ${seq}` });
        const result = { key: closed, actor: id, at, name: 's', input: String(seq - 1), outcome };
        const sum = resultDigest({ ...result, position: null });
        run('INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)', closed, id, at, 's', result.input, outcome, sum);
      }
      const entry = JSON.stringify(`entry ${seq}`);
      entryHash = sha256Digest(entryHash, entry);
      run('INSERT INTO entries VALUES (?, ?, ?, ?, ?)', id, 'said', seq - 1, entry, entryHash);
      const event = JSON.stringify({ id: `${actor}-m${seq}`, type: 'go', body: { n: seq }, inbox: true });
      run('INSERT INTO inbox VALUES (?, ?, ?)', id, `${actor}-m${seq}`, seq);
      const parent = n === 0 ? null : firstActor;
      const link = {
        seq,
        at,
        epoch: 1,
        state: 'working',
        status: 'active',
        event,
        opens: JSON.stringify(opens.map((one) => [one.key, one.kind, one.due, pendingDigest(one)])),
        closes: JSON.stringify(closes),
        sums: `${actorDigest({ ...row, parent })} ${listEntryDigest('said', entryHash)}`,
      };
      const hash = commitHash(before, link);
      run(
        'INSERT INTO commits (actor, seq, at, epoch, state, status, event, opens, closes, sums, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        id,
        seq,
        at,
        1,
        link.state,
        link.status,
        event,
        link.opens,
        link.closes,
        link.sums,
        hash,
      );
      before = hash;
    }
  }
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

const message = (id: string, from: string): { [key: string]: Json } => ({
  id,
  type: 'pong',
  body: {},
  from,
  to: 'door/x',
  run: 'r',
  kind: 'signal',
});
