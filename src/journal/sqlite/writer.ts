/** Writes commits: each is checked first, then stored whole or not at all (J1, J3). */
import { deadLetterList } from '../../contracts/deadLetter.ts';
import { TroupeError } from '../../values/failure.ts';
import type { StorableValue } from './blobs.ts';
import {
  actorDigest,
  commitHash,
  listEntryDigest,
  pendingDigest,
  resultDigest,
  sha256Digest,
  shortDigest,
} from '../chain.ts';
import type { Commit, CommitStore } from '../journal.ts';
import { duplicateMessageError, unknownActorError, unknownRunError, wrongRevisionError } from '../refusals.ts';
import { ownerCheck } from './leases.ts';
import { actorLookup } from './lookup.ts';
import type { OpenedEntry, ActorColumns, CommitColumns, ListColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that stores commits, results and dead letters. */
export function commitWriter({
  db,
  writes,
  codec,
}: SqliteStore): Pick<CommitStore, 'commit' | 'commitAll' | 'record' | 'bury' | 'settle'> {
  const requireOwner = ownerCheck(db);
  const { requireAbsent } = actorLookup(db);
  const headOf = db.prepare<Pick<ActorColumns, 'id' | 'seq'> & { readonly hash: CommitColumns['hash'] | null }>(
    'SELECT a.id, a.seq, c.hash FROM actors a LEFT JOIN commits c ON c.actor = a.id AND c.seq = a.seq WHERE a.actor = ?',
  );
  const handled = db.prepare('SELECT seq FROM inbox WHERE actor = ? AND id = ?');
  const insertActor = db.prepare<Pick<ActorColumns, 'id'>>(
    'INSERT INTO actors (actor, run, type, parent, status, state, tags, created, updated, seq, meta, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id',
  );
  const updateActor = db.prepare(
    'UPDATE actors SET status = ?, state = ?, tags = ?, updated = ?, seq = ?, meta = ?, snapshot = ? WHERE id = ?',
  );
  const insertCommit = db.prepare(
    'INSERT INTO commits (actor, seq, at, epoch, state, status, event, opens, closes, sums, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertPending = db.prepare('INSERT INTO pending (key, actor, kind, due, data) VALUES (?, ?, ?, ?, ?)');
  const deletePending = db.prepare('DELETE FROM pending WHERE key = ?');
  const insertInbox = db.prepare('INSERT INTO inbox (actor, id, seq) VALUES (?, ?, ?)');
  const insertReply = db.prepare('INSERT OR REPLACE INTO replies (actor, ask, envelope, sum) VALUES (?, ?, ?, ?)');
  const insertResult = db.prepare(
    'INSERT OR IGNORE INTO ledger (key, actor, at, name, input, outcome, sum) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const lastEntry = db.prepare<Pick<ListColumns, 'n' | 'hash'>>(
    'SELECT n, hash FROM entries WHERE actor = ? AND list = ? ORDER BY n DESC LIMIT 1',
  );
  const insertEntry = db.prepare('INSERT INTO entries (actor, list, n, data, hash) VALUES (?, ?, ?, ?, ?)');
  const keeperOf = db.prepare<Pick<ActorColumns, 'id'>>(
    'SELECT id FROM actors WHERE run = ? AND (actor = ? OR parent IS NULL) ORDER BY actor = ? DESC LIMIT 1',
  );
  const deleteMessage = db.prepare(`DELETE FROM pending WHERE key = ? AND kind = 'message'`);
  const deleteMail = db.prepare('DELETE FROM mail WHERE run = ? AND id = ?');

  function insert(actor: number, at: number, { key, name, input, outcome }: Commit['results'][number]): void {
    const [storedInput, storedOutcome] = [codec.write(input), codec.write(outcome)];
    const sum = resultDigest({ key, actor, at, name, input: storedInput, outcome: storedOutcome });
    insertResult.run(key, actor, at, name, storedInput, storedOutcome, sum);
  }

  /** Appends to a list and returns the list's new hash. */
  function append(actor: number, list: string, entry: StorableValue): string {
    const last = lastEntry.get(actor, list);
    const stored = codec.write(entry);
    const hash = sha256Digest(String(last?.hash ?? ''), stored);
    insertEntry.run(actor, list, last ? Number(last.n) + 1 : 0, stored, hash);
    return hash;
  }

  function write(commit: Commit): void {
    const { actor, run, seq, epoch, event, opens, closes, results, appends, updated } = commit;
    requireOwner(run, epoch);
    const head = headOf.get(actor);
    if (!head) requireAbsent(actor);
    const before = Number(head?.seq ?? 0);
    if (seq !== before + 1) throw wrongRevisionError(actor, before, seq);
    if (event.inbox && head && handled.get(head.id, event.id)) throw duplicateMessageError(actor, event.id);

    const snapshot = codec.write(commit.snapshot);
    const tags = JSON.stringify(commit.tags);
    const meta = codec.write(commit.meta);
    const parent = commit.parent ?? null;
    if (head) updateActor.run(commit.status, commit.state, tags, updated, seq, meta, snapshot, head.id);
    const inserted =
      head ??
      insertActor.get(
        actor,
        run,
        commit.type,
        parent,
        commit.status,
        commit.state,
        tags,
        commit.created,
        updated,
        seq,
        meta,
        snapshot,
      );
    if (!inserted) throw new TroupeError('internal', `SQLite gave no number for the new actor ${actor}.`);
    const { id } = inserted;

    const sums = [actorDigest({ ...commit, parent, tags, meta, snapshot })];
    const opened: OpenedEntry[] = [];
    for (const key of closes) deletePending.run(key);
    for (const { key, kind, due, data } of opens) {
      const stored = codec.write(data);
      insertPending.run(key, id, kind, due ?? null, stored);
      opened.push([key, kind, due ?? null, pendingDigest({ kind, due: due ?? null, data: stored })]);
      if (kind === 'message' && data.correlation !== undefined)
        insertReply.run(id, data.correlation, stored, shortDigest(data.correlation, stored));
    }
    for (const result of results) insert(id, updated, result);
    for (const { list, entry } of appends) sums.push(listEntryDigest(list, append(id, list, entry)));
    if (event.inbox) {
      insertInbox.run(id, event.id, seq);
      deleteMail.run(run, event.id);
    }

    const row = {
      seq,
      at: updated,
      epoch,
      state: commit.state,
      status: commit.status,
      event: codec.write(event),
      opens: JSON.stringify(opened),
      closes: JSON.stringify(closes),
      sums: sums.join(' '),
    };
    insertCommit.run(
      id,
      row.seq,
      row.at,
      row.epoch,
      row.state,
      row.status,
      row.event,
      row.opens,
      row.closes,
      row.sums,
      commitHash(String(head?.hash ?? ''), row),
    );
  }

  /** All of it or nothing, within a transaction that others write in as well. */
  function together(writeAll: () => void): void {
    db.exec('SAVEPOINT together');
    try {
      writeAll();
      db.exec('RELEASE together');
    } catch (thrown) {
      try {
        db.exec('ROLLBACK TO together; RELEASE together');
      } catch {
        // SQLite has rolled the whole transaction back already (a full disk): what is thrown is why.
      }
      throw thrown;
    }
  }

  return {
    commit: (commit) => writes.add(() => write(commit)),
    commitAll: (commits) => writes.add(() => together(() => commits.forEach(write))),
    record: (run, epoch, actor, at, result) =>
      writes.add(() => {
        requireOwner(run, epoch);
        const id = headOf.get(actor)?.id;
        if (id === undefined) throw unknownActorError(actor);
        insert(id, at, result);
      }),
    bury: (run, epoch, letter) =>
      writes.add(() => {
        requireOwner(run, epoch);
        const id = keeperOf.get(run, letter.to, letter.to)?.id;
        if (id === undefined) throw unknownRunError(run);
        append(id, deadLetterList, letter);
        deleteMessage.run(letter.id);
        deleteMail.run(run, letter.id);
      }),
    settle: (keys) =>
      writes.addUnacknowledged(() => {
        for (const key of keys) deletePending.run(key);
      }),
  };
}
