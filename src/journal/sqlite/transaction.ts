/** Writes that take place as soon as they are added, all those of one log entry in one transaction: how a log is applied to a replica's file. */
import { TroupeError } from '../../values/failure.ts';
import { sqliteResultCode } from './driver.ts';
import type { SqliteDriver } from './database.ts';
import type { WriteQueue } from './store.ts';

/** SQLite's result codes for a value that no file could store: too big, a broken constraint, a wrong type, out of range. */
const valueErrors: readonly number[] = [18, 19, 20, 25];

/** The writes of a replica. */
export class EntryTransaction implements WriteQueue {
  readonly #db: SqliteDriver;
  #open = false;
  /** The first error that was not a refusal. */
  #failure: unknown;

  constructor(db: SqliteDriver) {
    this.#db = db;
  }

  /** Runs `work` in one transaction. Throws when this file cannot store it now; then nothing of it is stored. */
  run(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    this.#open = true;
    this.#failure = undefined;
    try {
      work();
      // oxlint-disable-next-line typescript/only-throw-error -- As it was caught.
      if (this.#failure) throw this.#failure;
      this.#db.exec('COMMIT');
    } catch (thrown) {
      attempt(() => this.#db.exec('ROLLBACK')); // SQLite may have rolled back by itself (a full disk).
      throw thrown;
    } finally {
      this.#open = false;
    }
  }

  /** Writes at once. Rejects with what `write` throws; a refusal leaves the other writes of the transaction as they are. */
  add(write: () => void): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#write(write);
      resolve();
    });
    done.catch(() => {}); // Where the write came from another process, nothing here waits for it.
    return done;
  }

  /** As `add`, without an answer. */
  addUnacknowledged(write: () => void): void {
    void this.add(write);
  }

  /** A write that is refused stores nothing, and the others of the transaction are kept. */
  #write(write: () => void): void {
    if (!this.#open)
      throw new TroupeError('internal', 'A replica is written only while an entry of its log is applied.');
    this.#db.exec('SAVEPOINT part');
    try {
      write();
    } catch (thrown) {
      if (!isRefusal(thrown)) this.#failure ??= thrown;
      attempt(() => this.#db.exec('ROLLBACK TO part'));
      throw thrown;
    } finally {
      attempt(() => this.#db.exec('RELEASE part'));
    }
  }
}

/** Does every other process refuse this write for the same reason? Then it is a refusal, and no error of this file. */
function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof TroupeError) || (thrown.kind !== 'storage' && thrown.kind !== 'corrupt')) return true;
  const code = sqliteResultCode(thrown.cause);
  return code !== undefined && valueErrors.includes(code);
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The transaction's own error is the one to report.
  }
}
