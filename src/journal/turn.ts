/** Writes that take place as soon as they are asked for, all of one entry in one transaction: how a log is played into a file. */
import { TroupeError } from '../contracts/failure.ts';
import type { Driver } from './driver.ts';
import type { Writes } from './store.ts';

/** What SQLite says of a value that no file takes: too big, a broken constraint, of a wrong type, out of range. */
const ofTheValue = [18, 19, 20, 25];

export class Turn implements Writes {
  readonly #db: Driver;
  #open = false;
  #trouble: unknown;

  constructor(db: Driver) {
    this.#db = db;
  }

  /** Throws what this file cannot do now; then nothing of it is there. */
  take(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    this.#open = true;
    this.#trouble = undefined;
    try {
      work();
      // oxlint-disable-next-line typescript/only-throw-error -- As it was caught.
      if (this.#trouble) throw this.#trouble;
      this.#db.exec('COMMIT');
    } catch (thrown) {
      attempt(() => this.#db.exec('ROLLBACK')); // SQLite may have done so by itself (a full disk).
      throw thrown;
    } finally {
      this.#open = false;
    }
  }

  add(write: () => void): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#write(write);
      resolve();
    });
    done.catch(() => {}); // Who asked for it may be another process.
    return done;
  }

  later(write: () => void): void {
    void this.add(write);
  }

  /** One that is refused leaves nothing, and does not take the others along. */
  #write(write: () => void): void {
    if (!this.#open) throw new TroupeError('internal', 'A view is written by its log alone.');
    this.#db.exec('SAVEPOINT part');
    try {
      write();
    } catch (thrown) {
      if (!isRefusal(thrown)) this.#trouble ??= thrown;
      attempt(() => this.#db.exec('ROLLBACK TO part'));
      throw thrown;
    } finally {
      attempt(() => this.#db.exec('RELEASE part'));
    }
  }
}

/** Would every other process's file say the same? */
function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof TroupeError) || (thrown.kind !== 'storage' && thrown.kind !== 'corrupt')) return true;
  const { errcode, rawCode } = (thrown.cause ?? {}) as { errcode?: number; rawCode?: number };
  const code = errcode ?? rawCode;
  return code !== undefined && ofTheValue.includes(code & 0xff);
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // What comes of it shows elsewhere.
  }
}
