/**
 * Results that were stored without a commit, such as the checkpoints of an effect. A key below the address of the actor is stored without that address, and the output
 * of a success without what is around it. Earlier versions stored them in the table `ledger`, which is only read.
 */
import { hash } from 'node:crypto';
import type { Outcome } from '../../contracts/effect.ts';
import { corruptActor, isResult } from '../chain.ts';
import type { Commit, LedgerEntry } from '../journal.ts';
import type { SqliteDriver } from './database.ts';
import type { ValueCodec } from './blobs.ts';
import { storedValue, type ActorColumns, type LedgerColumns, type ResultColumns } from './rows.ts';

/** Eight bytes: enough to notice damage. */
const resultSum = ({ actor, key, position, at, name, input, outcome }: Omit<ResultColumns, 'n' | 'sum'>): Uint8Array =>
  Buffer.from(
    // A text is made sooner than a buffer.
    hash('sha256', `${actor}\0${key}\0${position}\0${at}\0${name}\0${input ?? ''}\0${outcome}`, 'binary').slice(0, 8),
    'binary',
  );

const isWritten = (row: ResultColumns): boolean =>
  row.sum instanceof Uint8Array && Buffer.compare(resultSum(row), row.sum) === 0;

/** The same for a row of an earlier version. */
const isIntact = ({ sum, ...result }: LedgerColumns): boolean => isResult(result, String(sum));

/** Begins the output of a success. No JSON text and no reference to a large value begins with it. */
const success = '=';

const shortKey = (actor: string, key: string): string =>
  key.startsWith(actor) && key[actor.length] === '/' ? key.slice(actor.length) : key;
/** An address does not begin with a slash. */
const longKey = (actor: string, key: string): string => (key.startsWith('/') ? actor + key : key);

/** Stores results. Called within a transaction. */
export function resultWriter(db: SqliteDriver, codec: ValueCodec) {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO results (actor, key, position, at, name, input, outcome, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  return (
    { id, actor }: Pick<ActorColumns, 'id' | 'actor'>,
    run: string,
    { at, position }: Pick<ResultColumns, 'at' | 'position'>,
    { key, name, input, outcome }: Commit['results'][number],
  ): void => {
    const row = {
      actor: id,
      key: shortKey(actor, key),
      position,
      at,
      name,
      input: input === null ? null : codec.write(input, run),
      outcome: outcome.ok ? success + codec.write(outcome.output, run) : codec.write(outcome, run),
    };
    insert.run(id, row.key, position, at, name, row.input, row.outcome, resultSum(row));
  };
}

/** Reads results. */
export interface ResultReader {
  /** Those of a run, in the order in which they were stored. Throws `corrupt` for one that is not what was written. */
  ofRun(run: string): LedgerEntry[];
  /** Throws `corrupt` when one of an actor is not what was written. */
  verify(actor: string, seq: number): void;
  /** The outcome that was stored under a key. Throws `corrupt` when it is not what was written. */
  outcome(row: ActorColumns, key: string): Outcome | undefined;
}

/** The results in an open journal. */
export function resultReader(db: SqliteDriver, codec: ValueCodec): ResultReader {
  type Addressed = { readonly address: string };
  const earlierOf = (column: 'run' | 'actor') =>
    db.prepare<LedgerColumns & Addressed>(
      `SELECT l.*, a.actor AS address FROM ledger l JOIN actors a ON a.id = l.actor WHERE a.${column} = ? ORDER BY l.rowid`,
    );
  const resultsOf = (column: 'run' | 'actor') =>
    db.prepare<ResultColumns & Addressed>(
      `SELECT r.*, a.actor AS address FROM results r JOIN actors a ON a.id = r.actor WHERE a.${column} = ? ORDER BY r.n`,
    );
  const [earlierOfRun, earlierOfActor] = [earlierOf('run'), earlierOf('actor')];
  const [resultsOfRun, resultsOfActor] = [resultsOf('run'), resultsOf('actor')];
  const earlierAt = db.prepare<LedgerColumns>('SELECT * FROM ledger WHERE key = ?');
  const earlierAgain = db.prepare<Pick<LedgerColumns, 'key'>>(
    'SELECT key FROM ledger INDEXED BY ledger_actor WHERE actor = ? AND key = ?',
  );
  const resultAt = db.prepare<ResultColumns>('SELECT * FROM results WHERE actor = ? AND key = ?');

  const broken = (actor: string, seq: number, key: string) =>
    corruptActor(actor, seq, `the result of ${key} is not what was written`);

  function earlierEntry({ address, ...row }: LedgerColumns & Addressed, seq = 0): LedgerEntry {
    if (!isIntact(row)) throw broken(address, seq, row.key);
    return {
      key: String(row.key),
      actor: String(address),
      at: Number(row.at),
      name: String(row.name),
      input: codec.read(String(row.input)),
      outcome: storedValue('outcome', codec.read(String(row.outcome))),
      position: Number(row.position ?? 0),
    };
  }

  function outcomeIn({ outcome }: ResultColumns): Outcome {
    return outcome.startsWith(success)
      ? { ok: true, output: codec.read(outcome.slice(success.length)) }
      : storedValue('outcome', codec.read(outcome));
  }

  function entry({ address, ...row }: ResultColumns & Addressed, seq = 0): LedgerEntry {
    const { key, at, name, input, position } = row;
    if (!isWritten(row)) throw broken(address, seq, longKey(address, String(key)));
    return {
      key: longKey(address, key),
      actor: address,
      at,
      name,
      input: input === null ? null : codec.read(input),
      outcome: outcomeIn(row),
      position,
    };
  }

  return {
    ofRun: (run) => [
      ...earlierOfRun.all(run).map((row) => earlierEntry(row)),
      ...resultsOfRun.all(run).map((row) => entry(row)),
    ],
    verify(actor, seq) {
      for (const row of earlierOfActor.all(actor)) earlierEntry(row, seq);
      for (const row of resultsOfActor.all(actor)) entry(row, seq);
    },
    outcome({ id, actor, seq }, key) {
      const earlier = earlierAt.get(key);
      if (earlier && earlier.key !== key) throw broken(actor, Number(seq), key);
      if (earlier) return earlierEntry({ ...earlier, address: actor }, Number(seq)).outcome;
      if (earlierAgain.get(id, key))
        throw corruptActor(actor, Number(seq), `an index of the results does not have ${key}`);
      const found = resultAt.get(id, shortKey(actor, key));
      if (found && found.key !== shortKey(actor, key)) throw broken(actor, Number(seq), key);
      return found && entry({ ...found, address: actor }, Number(seq)).outcome;
    },
  };
}
