/** What commits tell of runs: their history, and the results of their effects. */
import { corruptActor, pendingDigest } from '../chain.ts';
import type { HistoryEntry, JournalQueries, LedgerEntry } from '../journal.ts';
import type { StoredCommit } from './commits.ts';
import type { SqlValue } from './database.ts';
import { actorLookup } from './lookup.ts';
import { pendingOf } from './reader.ts';
import type { Opened } from './record.ts';
import { resultReader } from './results.ts';
import { storedValue, type ActorColumns, type CommitColumns, type PendingColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';
import { chainVerifier, type VerifiedChain } from './verify.ts';

/** A commit's place, beside the address of its actor. */
type Place = Pick<CommitColumns, 'position' | 'actor' | 'seq'> & { readonly address: string };

/** The part of a journal that tells what happened. */
export function sqliteHistory({
  db,
  codec,
  commits,
  checkpoints,
}: SqliteStore): Pick<JournalQueries, 'history' | 'ledger'> {
  const verify = chainVerifier(db, codec, commits, checkpoints);
  const { find } = actorLookup(db);
  const pendingAt = db.prepare<PendingColumns>('SELECT * FROM pending WHERE key = ?');
  const actorsOf = db.prepare<ActorColumns>('SELECT * FROM actors WHERE run = ?');
  const results = resultReader(db, codec);

  /** The commits at these places, by position. The places of one actor follow each other. */
  function commitsAt(places: readonly Place[]): Map<number, StoredCommit> {
    const found = new Map<number, StoredCommit>();
    for (const [id, of] of groupBy(places, ({ actor }) => actor)) {
      const seqs = of.map(({ seq }) => seq);
      const actor = String(of[0]?.address);
      const [from, to] = [Math.min(...seqs), Math.max(...seqs)];
      const read = commits.read({ id, actor }, from, to);
      for (const [n, commit] of read.entries()) {
        if (n > 0 && commit.position <= (read[n - 1]?.position ?? 0))
          throw corruptActor(actor, commit.seq, 'the order of its commits is not what was written');
        found.set(commit.position, commit);
      }
      if (of.some(({ position, seq }) => found.get(position)?.seq !== seq) || to - from + 1 !== of.length)
        throw corruptActor(actor, from, 'the order of its commits is not what was written');
    }
    return found;
  }

  function shownPending(
    { address, seq }: Place,
    { key, kind, due, digest, data }: Opened,
    { opened }: VerifiedChain,
  ): HistoryEntry['opens'][number] {
    const known = { key, kind, ...(due === null ? {} : { due }) };
    const isOpen = opened.has(key);
    if (isOpen && digest === undefined) return pendingOf({ ...known, data: codec.extract(data ?? null) });
    const stored = isOpen ? pendingAt.get(key) : undefined;
    if (!stored) return { ...known, data: null };
    if (pendingDigest(stored) !== digest)
      throw corruptActor(address, seq, `what is pending under ${key} is not what was written`);
    return pendingOf({ ...known, data: codec.read(stored.data) });
  }

  return {
    async history({ run, actor, after, newest = false, limit = 1_000 }) {
      const conditions: [string, SqlValue][] = [];
      if (run !== undefined) conditions.push(['a.run = ?', run]);
      if (actor !== undefined) conditions.push(['a.actor = ?', actor]);
      if (after !== undefined) conditions.push(['c.position > ?', after]);
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
      // For one actor both orders are the same, and `seq` has an index: its last commits are found without sorting all of them.
      const order = `${actor === undefined ? 'c.position' : 'c.seq'}${newest ? ' DESC' : ''}`;
      const places = db
        .prepare<Place>(
          `SELECT c.position, c.actor, c.seq, a.actor AS address FROM commits c JOIN actors a ON a.id = c.actor ${where} ORDER BY ${order} LIMIT ?`,
        )
        .all(...conditions.map(([, value]) => value), limit);
      const found = commitsAt(places);
      const chains = new Map<string, VerifiedChain>();
      for (const { address } of places) {
        const row = chains.has(address) ? undefined : find(address);
        if (row) chains.set(address, verify(row));
      }
      return places.flatMap((place): HistoryEntry[] => {
        const commit = found.get(place.position);
        const chain = chains.get(place.address);
        if (!commit || !chain) return [];
        const { position, seq, at, epoch, state, status, closes } = commit;
        return [
          {
            position,
            actor: place.address,
            seq,
            at,
            epoch,
            state,
            status,
            event: storedValue('event', codec.extract(commit.event)),
            opens: commit.opens.map((opened) => shownPending(place, opened, chain)),
            closes,
          },
        ];
      });
    },

    async ledger(run) {
      const alone = results.ofRun(run);
      const committed = actorsOf.all(run).flatMap((row) => {
        verify(row);
        return commits.read(row, 1).flatMap(({ position, at, results }) =>
          results.map(([key, name, input, outcome]) => ({
            key,
            actor: row.actor,
            at,
            name,
            input: codec.extract(input),
            outcome: storedValue('outcome', codec.extract(outcome)),
            position,
          })),
        );
      });
      // What was stored alone came after the commit at its position. The first result under a key counts.
      const ordered = [...committed, ...alone].sort((a, b) => a.position - b.position);
      const first = new Map<string, LedgerEntry>();
      for (const entry of ordered) if (!first.has(entry.key)) first.set(entry.key, entry);
      return [...first.values()];
    },
  };
}

function groupBy<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
