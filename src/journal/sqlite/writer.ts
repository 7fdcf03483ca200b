/** Writes commits: each is checked first, then stored whole or not at all (J1, J3). */
import { deadLetterList } from '../../contracts/deadLetter.ts';
import type { KnownTexts, StorableValue } from './blobs.ts';
import {
  actorDigest,
  corruptActor,
  listEntryDigest,
  pendingDigest,
  recordHash,
  sha256Digest,
  shortDigest,
} from '../chain.ts';
import type { Commit, CommitStore, Pending } from '../journal.ts';
import { duplicateMessageError, unknownActorError, unknownRunError, wrongRevisionError } from '../refusals.ts';
import { newLeaseWriter, ownerCheck } from './leases.ts';
import type { SqlValue } from './database.ts';
import { actorLookup } from './lookup.ts';
import { dictionaryAfter, packed } from './packing.ts';
import { recordText } from './record.ts';
import type { ActorHead } from './remembered.ts';
import { resultWriter } from './results.ts';
import type { ActorColumns, CommitColumns, ListColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The longest text of a message that its commit holds. It stays in the file with the commit, so a longer one stands in the table, from which it goes when it is settled. */
const longestMessage = 2 * 1024;

/** The part of a journal that stores commits, results and dead letters. */
export function commitWriter({
  db,
  writes,
  codec,
  commits,
}: SqliteStore): Pick<CommitStore, 'commit' | 'commitAll' | 'record' | 'bury' | 'settle'> {
  const { remembered } = writes;
  const requireOwner = ownerCheck(db, remembered);
  const storeNewLease = newLeaseWriter(db, remembered);
  const { isUnlisted } = actorLookup(db);
  const storedHead = db.prepare<Omit<ActorHead, 'hash' | 'metaOf'> & { readonly hash: string | null }>(
    'SELECT a.id, a.seq, a.status, a.meta, c.hash FROM actors a LEFT JOIN commits c ON c.actor = a.id AND c.seq = a.seq WHERE a.actor = ?',
  );
  const handled = db.prepare('SELECT seq FROM inbox WHERE actor = ? AND id = ?');
  const insertActor = db.prepare(
    'INSERT INTO actors (actor, run, type, parent, status, state, tags, created, updated, seq, meta, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  // A column that is named here is written to its indexes as well, also when it does not change.
  const updateActor = db.prepare(
    'UPDATE actors SET state = ?, tags = ?, updated = ?, seq = ?, snapshot = ? WHERE id = ?',
  );
  const updateWhole = db.prepare(
    'UPDATE actors SET state = ?, tags = ?, updated = ?, seq = ?, snapshot = ?, status = ?, meta = ? WHERE id = ?',
  );
  const insertCommit = db.prepare('INSERT INTO commits (actor, seq, hash, record) VALUES (?, ?, ?, ?)');
  const insertPending = db.prepare('INSERT INTO pending (key, actor, kind, due, data) VALUES (?, ?, ?, NULL, ?)');
  const deletePending = db.prepare('DELETE FROM pending WHERE key = ?');
  const insertInbox = db.prepare('INSERT INTO inbox (actor, id, seq) VALUES (?, ?, ?)');
  const insertReply = db.prepare('INSERT OR REPLACE INTO replies (actor, ask, envelope, sum) VALUES (?, ?, ?, ?)');
  const lastPosition = db.prepare<Pick<CommitColumns, 'position'>>(
    'SELECT position FROM commits ORDER BY position DESC LIMIT 1',
  );
  const insertResult = resultWriter(db, codec);
  const lastEntry = db.prepare<Pick<ListColumns, 'n' | 'hash'>>(
    'SELECT n, hash FROM entries WHERE actor = ? AND list = ? ORDER BY n DESC LIMIT 1',
  );
  const insertEntry = db.prepare('INSERT INTO entries (actor, list, n, data, hash) VALUES (?, ?, ?, ?, ?)');
  const keeperOf = db.prepare<Pick<ActorColumns, 'id'>>(
    'SELECT id FROM actors WHERE run = ? AND (actor = ? OR parent IS NULL) ORDER BY actor = ? DESC LIMIT 1',
  );
  const deleteMessage = db.prepare(`DELETE FROM pending WHERE key = ? AND kind = 'message'`);
  const begin = db.prepare('SAVEPOINT together');
  const release = db.prepare('RELEASE together');
  const deleteMail = db.prepare('DELETE FROM mail WHERE run = ? AND id = ?');

  /** The actor as of its last commit; undefined when there is none. */
  function headOf(actor: string): ActorHead | undefined {
    const known = remembered.heads.get(actor);
    if (known) return known;
    const stored = storedHead.get(actor);
    if (!stored && !isUnlisted(actor)) throw lostActor(actor);
    const head = stored && { ...stored, seq: Number(stored.seq), hash: String(stored.hash ?? '') };
    if (head) remembered.heads.set(actor, head);
    return head;
  }

  /** Whether a new actor is there already: here the one index is asked, and its insertion asks the other. */
  const mayBeThere = (actor: string): boolean => remembered.heads.get(actor) !== undefined || !isUnlisted(actor);

  /** Gives the number of the new row. */
  function insert(actor: string, ...values: SqlValue[]): number {
    try {
      return Number(insertActor.run(actor, ...values).lastInsertRowid);
    } catch (thrown) {
      throw storedHead.get(actor) ? lostActor(actor) : thrown;
    }
  }

  /** Appends to a list of the table `entries` and returns the list's new hash. */
  function append(actor: number, run: string, list: string, entry: StorableValue): string {
    const last = lastEntry.get(actor, list);
    const stored = codec.write(entry, run);
    const hash = sha256Digest(String(last?.hash ?? ''), stored);
    insertEntry.run(actor, list, last ? Number(last.n) + 1 : 0, stored, hash);
    return hash;
  }

  /** Opens an entry and returns its text for the record. A message is settled without a commit, so a row tells that it waits; of a long one that row has the text, and the record its digest. */
  function open(actor: number, run: string, { key, kind, due, data }: Pending): string {
    if (kind !== 'message') return `[${JSON.stringify(key)},"${kind}",${due ?? null},${codec.embed(data, run)}]`;
    const stored = codec.write(data, run);
    // A reference to a large value does not begin so.
    const isInRecord = stored.length <= longestMessage && stored.startsWith('{');
    insertPending.run(key, actor, kind, isInRecord ? '' : stored);
    if (data.correlation !== undefined)
      insertReply.run(actor, data.correlation, stored, shortDigest(data.correlation, stored));
    const text = isInRecord ? stored : `"${pendingDigest({ kind, due: null, data: stored })}"`;
    return `[${JSON.stringify(key)},"${kind}",null,${text}]`;
  }

  /**
   * `isLast`: no later commit of the actor is stored together with it, which would only change its row again.
   * The first and the last commit of an actor hold its snapshot: one that does a single task has no others, and its row stays small.
   */
  function write(commit: Commit, isLast = true): void {
    const { actor, run, seq, epoch, event, opens, closes, results, appends, updated } = commit;
    const isFirst = isFirstOfRun(commit);
    const isNew = isFirst && storeNewLease(run, epoch);
    if (!isNew) requireOwner(run, epoch);
    // Nothing is read for the first actor of a run that was just claimed for the first time.
    const isBeginning = isNew || (isFirst && remembered.beginnings.delete(run));
    const head = isBeginning || (seq === 1 && !mayBeThere(actor)) ? undefined : headOf(actor);
    const before = head?.seq ?? 0;
    if (seq !== before + 1) throw wrongRevisionError(actor, before, seq);
    if (event.inbox && head && handled.get(head.id, event.id)) throw duplicateMessageError(actor, event.id);

    const isInRecord = isLast && (seq === 1 || commit.status !== 'active');
    const snapshot = isLast && !isInRecord ? codec.write(commit.snapshot, run) : '';
    const tags = JSON.stringify(commit.tags);
    const meta = head?.metaOf === commit.meta ? head.meta : codec.write(commit.meta, run, true);
    const parent = commit.parent ?? null;
    if (head && isLast) {
      if (head.status === commit.status && head.meta === meta)
        updateActor.run(commit.state, tags, updated, seq, snapshot, head.id);
      else updateWhole.run(commit.state, tags, updated, seq, snapshot, commit.status, meta, head.id);
    }
    const id =
      head?.id ??
      insert(
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

    for (const key of closes) deletePending.run(key);
    const known = results.length > 0 && appends.length > 1 ? textsOf(appends) : undefined;
    const text = recordText({
      at: updated,
      epoch,
      state: commit.state,
      status: commit.status,
      event: codec.embed(event, run),
      opens: opens.map((pending) => open(id, run, pending)),
      closes,
      row: actorDigest({ run, type: commit.type, parent, tags, created: commit.created, meta, snapshot }),
      results: results.map(
        ({ key, name, input, outcome }) =>
          `[${JSON.stringify(key)},${JSON.stringify(name)},${codec.embed(input, run)},${codec.embed(outcome, run, known)}]`,
      ),
      appends: appends
        .filter(({ list }) => list !== deadLetterList)
        .map(({ list, entry }) => `[${JSON.stringify(list)},${codec.embed(entry, run, known)}]`),
      listed: appends
        .filter(({ list }) => list === deadLetterList)
        .map(({ list, entry }) => listEntryDigest(list, append(id, run, list, entry))),
      ...(isInRecord ? { snapshot: codec.embed(commit.snapshot, run) } : {}),
    });
    if (event.inbox) {
      insertInbox.run(id, event.id, seq);
      deleteMail.run(run, event.id);
    }
    const dictionary = commits.dictionaryAfter({ id, actor }, before, head?.hash ?? '');
    const hash = recordHash(head?.hash ?? '', seq, text);
    const bytes = Buffer.from(text);
    const { lastInsertRowid } = insertCommit.run(id, seq, hash, packed(bytes, dictionary));
    remembered.lastPosition = Number(lastInsertRowid);
    if (isLast && commit.status !== 'active') {
      // It writes no more, unless its run is retried: what is asked of it then is read.
      remembered.heads.delete(actor);
      commits.forget(id);
      return;
    }
    const row = head && !isLast ? head : { status: commit.status, meta, metaOf: commit.meta };
    remembered.heads.set(actor, { ...row, id, seq, hash });
    commits.remember(id, hash, dictionaryAfter(dictionary, seq, bytes));
  }

  /** All of it or nothing, within a transaction that others write in as well. SQLite may have rolled back all of it by itself (a full disk): then the error is that of the disk. */
  function together(writeAll: () => void): void {
    begin.run();
    try {
      writeAll();
      release.run();
    } catch (thrown) {
      try {
        db.exec('ROLLBACK TO together; RELEASE together');
      } catch {
        // SQLite has rolled the whole transaction back already (a full disk): what is thrown is why.
      }
      throw thrown;
    }
  }

  /** Writes commits that begin with this one. With the first of a run its lease is stored. */
  async function added(first: Commit | undefined, writeAll: () => void): Promise<void> {
    await writes.add(writeAll);
    if (first && isFirstOfRun(first)) remembered.claimed.delete(first.run);
  }

  return {
    commit: (commit) => added(commit, () => write(commit)),
    commitAll(all) {
      const lastOf = new Map(all.map(({ actor }, at) => [actor, at]));
      return added(all[0], () =>
        together(() => all.forEach((commit, at) => write(commit, lastOf.get(commit.actor) === at))),
      );
    },
    record: (run, epoch, actor, at, result) =>
      writes.add(() => {
        requireOwner(run, epoch);
        const id = headOf(actor)?.id;
        if (id === undefined) throw unknownActorError(actor);
        const position = (remembered.lastPosition ??= Number(lastPosition.get()?.position ?? 0));
        insertResult({ id, actor }, run, { at, position }, result);
      }),
    bury: (run, epoch, letter) =>
      writes.add(() => {
        requireOwner(run, epoch);
        const id = keeperOf.get(run, letter.to, letter.to)?.id;
        if (id === undefined) throw unknownRunError(run);
        append(id, run, deadLetterList, letter);
        deleteMessage.run(letter.id);
        deleteMail.run(run, letter.id);
      }),
    settle: (_run, keys) => {
      const write = () => {
        for (const key of keys) deletePending.run(key);
      };
      // If it is lost, the message is delivered again, and recognised.
      writes.addLater(write).catch(() => {});
    },
  };
}

/** The texts of what is appended. */
const textsOf = (appends: Commit['appends']): KnownTexts =>
  new Map(appends.map(({ entry }) => [entry, JSON.stringify(entry)]));

const isFirstOfRun = ({ parent, seq }: Commit): boolean => parent === undefined && seq === 1;

/** An index of the actors does not have one that is there. */
const lostActor = (actor: string) => corruptActor(actor, 0, 'an index of the actors does not have it');
