/** Group commit: what is asked for in one turn of the event loop travels to the disk together (J6). */
import type { TroupeError } from '../contracts/failure.ts';
import type { Driver } from './driver.ts';

interface Job {
  /** Throws when this one cannot be stored; must then have written nothing. */
  write(): void;
  resolve(): void;
  reject(error: TroupeError): void;
}

/** As many as go into one transaction. */
const most = 256;

export class Group {
  readonly #db: Driver;
  #jobs: Job[] = [];
  #scheduled = false;
  #closed = false;

  constructor(db: Driver) {
    this.#db = db;
  }

  /** Resolves when what `write` wrote would survive a power cut. */
  add(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ write, resolve, reject });
      this.#schedule();
    });
  }

  /** Written with the next group, or soon; nobody waits for it. */
  later(write: () => void): void {
    this.#jobs.push({ write, resolve() {}, reject() {} });
    this.#schedule();
  }

  /** Writes what is still waiting. */
  close(): void {
    while (this.#jobs.length > 0) this.#flush();
    this.#closed = true;
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
    const jobs = this.#jobs.splice(0, most);
    const written: Job[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const job of jobs) {
        try {
          job.write();
          written.push(job);
        } catch (thrown) {
          const { kind } = thrown as TroupeError;
          if (kind === 'storage' || kind === 'corrupt' || kind === undefined) throw thrown;
          job.reject(thrown as TroupeError);
        }
      }
      this.#db.exec('COMMIT');
    } catch (thrown) {
      try {
        this.#db.exec('ROLLBACK');
      } catch {
        // SQLite has already rolled back by itself (a full disk), or never began.
      }
      // Whoever was refused for a reason of its own has been told already; a second word changes nothing.
      for (const job of jobs) job.reject(thrown as TroupeError);
      return;
    }
    for (const job of written) job.resolve();
  }
}
