/**
 * Group commit: writes that are added in the same turn of the event loop share one transaction, and so one flush to the disk (J6).
 * Timers and sockets of the process have their turn meanwhile: a transaction takes only so much time, and those who wait for it are told in parts,
 * because each of them goes on at once with what it does next.
 */
import { whenAtRest } from '../../values/atRest.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import type { SqliteDriver } from './database.ts';
import { RememberedRows } from './remembered.ts';
import type { WriteQueue } from './store.ts';

interface Job {
  /** Throws when it cannot be stored, and must then have written nothing. */
  write(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** The most jobs of one transaction. */
const maxJobs = 256;
/** So many milliseconds after its first job a transaction takes no more. */
const longest = 8;
/** After a transaction that took so many milliseconds, those who wait are told in the next turn of the event loop. */
const quick = 2;
/** So many milliseconds a write that can wait is kept for the next transaction. */
const patience = 20;
/** So many of those who wait are told at once, and further ones in the same turn of the event loop while what all of them do next has taken less than so many milliseconds. */
const telling = { atOnce: 8, longest: 3 };

/** The writes of a journal in a file. */
export class GroupCommit implements WriteQueue {
  readonly remembered: RememberedRows;
  readonly #db: SqliteDriver;
  #jobs: Job[] = [];
  #scheduled = false;
  /** Set while writes wait for the next transaction. */
  #later: Disposable | undefined;
  #closed = false;
  /** Those whose writes are stored, and who are not told yet. */
  #stored: Job[] = [];
  /** A part of them was told, or will be, in a turn of the event loop that is to come. */
  #isTelling = false;
  /** In this turn of the event loop some were told, and no transaction was written since. */
  #hasTold = false;
  /** A transaction waits for a turn in which nobody is told: what both take together would keep timers and sockets waiting. */
  #isDue = false;

  readonly #clock: Pick<Clock, 'now' | 'wake'> | undefined;
  readonly #elapsed: () => number;

  /** Without a clock, nothing waits for the next transaction. `elapsed`: milliseconds since any point in time. */
  constructor(db: SqliteDriver, clock?: Pick<Clock, 'now' | 'wake'>, elapsed = () => performance.now()) {
    this.#db = db;
    this.#clock = clock;
    this.#elapsed = elapsed;
    this.remembered = new RememberedRows(db);
  }

  /** Resolves when what `write` wrote would survive a power cut. Rejects with what `write` throws, or with `storage` when the journal is closed. */
  add(write: () => void): Promise<void> {
    const written = this.#push(write);
    if (!this.#closed) this.#schedule();
    return written;
  }

  addLater(write: () => void): Promise<void> {
    const clock = this.#clock;
    if (!clock || this.#closed) return this.add(write);
    const written = this.#push(write);
    this.#later ??= clock.wake(clock.now() + patience, () => this.#schedule());
    return written;
  }

  #push(write: () => void): Promise<void> {
    if (this.#closed)
      return Promise.reject(
        new TroupeError('storage', 'This journal was closed. Open it again.', { retryable: false }),
      );
    return new Promise((resolve, reject) => this.#jobs.push({ write, resolve, reject }));
  }

  /** Writes what is still waiting, and takes no more. */
  close(): void {
    this.#closed = true;
    while (this.#jobs.length > 0) this.#flush();
    for (const job of this.#stored.splice(0)) job.resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#wait(this.#jobs.length);
  }

  /** Waits one turn of the event loop, and one more as long as jobs keep coming. */
  #wait(seen: number): void {
    setImmediate(() => {
      if (this.#closed) return;
      const { length } = this.#jobs;
      this.#isDue = this.#hasTold;
      this.#hasTold = false;
      if (this.#isDue || (length > seen && length < maxJobs)) return this.#wait(length);
      this.#scheduled = false;
      this.#flush();
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    this.#later?.[Symbol.dispose]();
    this.#later = undefined;
    this.#write(this.#jobs.splice(0, maxJobs));
  }

  /** Stores all jobs or none. A job that cannot be stored for a reason of its own is rejected, and the others are stored. */
  #write(all: readonly Job[]): void {
    let jobs = all;
    const written: Job[] = [];
    let current: Job | undefined;
    const begin = this.#elapsed();
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.remembered.begin();
      for (const [n, job] of all.entries()) {
        if (n > 0 && this.#elapsed() > begin + longest) {
          this.#jobs.unshift(...all.slice(n));
          jobs = all.slice(0, n);
          break;
        }
        current = job;
        try {
          job.write();
          written.push(job);
        } catch (thrown) {
          this.remembered.forget();
          if (!isRefusal(thrown)) throw thrown;
          job.reject(thrown);
        }
      }
      current = undefined;
      this.#db.exec('COMMIT');
    } catch (thrown) {
      this.#rollBack();
      // What the disk refuses, it refuses to all; anything else is the fault of one job, or of the actor that it concerns.
      const culprit = thrown instanceof TroupeError && thrown.kind === 'storage' ? undefined : current;
      culprit?.reject(thrown);
      if (culprit) return this.#write(jobs.filter((job) => job !== culprit));
      // A job that was refused has been rejected already; rejecting it again has no effect.
      for (const job of jobs) job.reject(thrown);
      return;
    }
    this.#stored.push(...written);
    if (this.#isTelling) return;
    if (this.#elapsed() > begin + quick) this.#tellNext();
    else this.#tell();
  }

  /** Tells those who wait, a few at a time, as long as what they do next is quick; the others in later turns of the event loop. */
  #tell(): void {
    this.#isTelling = true;
    const begin = this.#elapsed();
    const tellSome = () => {
      for (const job of this.#stored.splice(0, telling.atOnce)) job.resolve();
      whenAtRest(() => {
        if (this.#stored.length === 0) this.#isTelling = false;
        else if (this.#elapsed() - begin < telling.longest) tellSome();
        else this.#tellNext();
      });
    };
    tellSome();
  }

  #tellNext(): void {
    this.#isTelling = true;
    setImmediate(() => this.#tellWhenFree());
  }

  #tellWhenFree(): void {
    this.#isTelling = this.#stored.length > 0;
    if (!this.#isTelling) return;
    if (this.#isDue) return this.#tellNext();
    this.#hasTold = true;
    this.#tell();
  }

  #rollBack(): void {
    this.remembered.forget();
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back (a full disk), or the transaction never began.
    }
  }
}

/** A refusal is thrown before anything was written. */
const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof TroupeError && thrown.kind !== 'storage' && thrown.kind !== 'corrupt';
