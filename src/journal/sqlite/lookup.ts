/**
 * Finds an actor by its address, and compares rows with the commits that wrote them.
 * A damaged index can give another row, or none: so an actor that the one index does not have is looked up in the other, and is absent only when both agree.
 */
import { actorDigest, corruptActor } from '../chain.ts';
import type { CommitReader, StoredCommit } from './commits.ts';
import type { SqliteDriver } from './database.ts';
import type { ActorColumns } from './rows.ts';

/** Gives the last commit of an actor. Throws `corrupt` when the actor's row is not what that commit stored. */
export function requireLastCommit<Last extends Pick<StoredCommit, 'seq' | 'row' | 'status' | 'state' | 'at'>>(
  row: ActorColumns,
  last: Last | undefined,
): Last {
  const { actor } = row;
  const seq = Number(row.seq);
  if (last?.seq !== seq) throw corruptActor(actor, seq, `the last commit is ${last?.seq ?? 'missing'}`);
  if (last.row !== actorDigest(row))
    throw corruptActor(actor, seq, 'the snapshot or the metadata is not what was written');
  if (last.status !== row.status || last.state !== row.state || last.at !== row.updated)
    throw corruptActor(actor, seq, 'the state is not what was written');
  return last;
}

/** Finds and compares the rows of actors. */
export interface ActorLookup {
  /** The row of an actor; undefined when there is none. Throws `corrupt` when the indexes do not agree. */
  find(actor: string): ActorColumns | undefined;
  /** Does the second index not have this actor? */
  isUnlisted(actor: string): boolean;
  /** Throws `corrupt` when a run has actors. */
  requireNoActors(run: string, missing: string): void;
}

/** The lookups in an open journal. */
export function actorLookup(db: SqliteDriver): ActorLookup {
  const actorOf = db.prepare<ActorColumns>('SELECT * FROM actors WHERE actor = ?');
  const again = db.prepare<Pick<ActorColumns, 'id' | 'seq'>>(
    'SELECT id, seq FROM actors INDEXED BY actors_address WHERE actor = ?',
  );
  const anyOf = db.prepare<Pick<ActorColumns, 'actor'>>('SELECT actor FROM actors WHERE run = ? LIMIT 1');

  function requireAbsent(actor: string): void {
    const row = again.get(actor);
    if (row) throw corruptActor(actor, Number(row.seq), 'an index of the actors does not have it');
  }

  return {
    isUnlisted: (actor) => again.get(actor) === undefined,
    find(actor) {
      const row = actorOf.get(actor);
      if (!row) requireAbsent(actor);
      else if (row.actor !== actor) throw corruptActor(actor, 0, `an index of the actors gives ${row.actor} instead`);
      return row;
    },
    requireNoActors(run, missing) {
      const found = anyOf.get(run);
      if (found) throw corruptActor(String(found.actor), 0, missing);
    },
  };
}

/** Gives the last commit of a row that was found otherwise. Throws `corrupt` when the row is not what that commit stored, or is not the one that its address leads to. */
export function writtenCheck(db: SqliteDriver, commits: CommitReader): (row: ActorColumns) => StoredCommit {
  const idOf = db.prepare<Pick<ActorColumns, 'id'>>('SELECT id FROM actors WHERE actor = ?');
  return (row) => {
    const seq = Number(row.seq);
    if (idOf.get(row.actor)?.id !== row.id)
      throw corruptActor(String(row.actor), seq, 'its address is not what was written, or an index of the actors is');
    return requireLastCommit(row, commits.read(row, seq, seq).at(-1));
  };
}
