/** Group commit: what is asked for in one turn of the event loop travels to the disk together (J6). */
import { TroupeError } from '../contracts/failure.ts';
import type { Driver } from './driver.ts';
import type { Writes } from './store.ts';

interface Job {
  /** Throws when this one cannot be stored; must then have written nothing. */
  write(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** As many as go into one transaction. */
const most = 256;

export class Group implements Writes {
  readonly #db: Driver;
  #jobs: Job[] = [];
  #scheduled = false;
  #closed = false;

  constructor(db: Driver) {
    this.#db = db;
  }

  /** Resolves when what `write` wrote would survive a power cut. */
  add(write: () => void): Promise<void> {
    if (this.#closed)
      return Promise.reject(
        new TroupeError('storage', 'This journal was closed. Open it again.', { retryable: false }),
      );
    return new Promise((resolve, reject) => {
      this.#jobs.push({ write, resolve, reject });
      this.#schedule();
    });
  }

  /** Written with the next group, or soon; nobody waits for it. */
  later(write: () => void): void {
    if (this.#closed) return;
    this.#jobs.push({ write, resolve() {}, reject() {} });
    this.#schedule();
  }

  /** Writes what is still waiting. */
  close(): void {
    this.#closed = true;
    while (this.#jobs.length > 0) this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#wait(this.#jobs.length);
  }

  /** Alone, one turn; while others join, a turn more. */
  #wait(seen: number): void {
    setImmediate(() => {
      if (this.#closed) return;
      const { length } = this.#jobs;
      if (length > seen && length < most) return this.#wait(length);
      this.#scheduled = false;
      this.#flush();
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    this.#write(this.#jobs.splice(0, most));
  }

  /** All of them or none; but whoever cannot be stored for a reason of its own does not take the others along. */
  #write(jobs: readonly Job[]): void {
    const written: Job[] = [];
    let current: Job | undefined;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const job of jobs) {
        current = job;
        try {
          job.write();
          written.push(job);
        } catch (thrown) {
          if (!isRefusal(thrown)) throw thrown;
          job.reject(thrown as TroupeError);
        }
      }
      current = undefined;
      this.#db.exec('COMMIT');
    } catch (thrown) {
      this.#rollBack();
      const culprit = thrown instanceof TroupeError ? undefined : current;
      culprit?.reject(thrown);
      if (culprit) return this.#write(jobs.filter((job) => job !== culprit));
      // Whoever was refused for a reason of its own has been told already; a second word changes nothing.
      for (const job of jobs) job.reject(thrown);
      return;
    }
    for (const job of written) job.resolve();
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back by itself (a full disk), or never began.
    }
  }
}

/** Decided before anything was written. */
const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof TroupeError && thrown.kind !== 'storage' && thrown.kind !== 'corrupt';
