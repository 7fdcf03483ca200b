/** One writer per run: a lease with an epoch, renewed while we live. Whoever loses it stops at once (E4). */
import type { Clock } from '../contracts/clock.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Journal } from '../journal/journal.ts';

export interface LeaseOptions {
  /** Says who holds the lease, so that another process can tell whether we still live. */
  readonly owner: string;
  /** Does that owner still live? Without it, only time tells. */
  readonly alive?: (owner: string) => boolean;
  /** Milliseconds a lease lasts without being renewed. */
  readonly ttl?: number;
}

export class Ownership {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #options: LeaseOptions;
  readonly #lost: (run: string) => void;
  readonly #held = new Map<string, { epoch: number; renewal: Disposable }>();

  constructor(journal: Journal, clock: Clock, options: LeaseOptions, lost: (run: string) => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#options = options;
    this.#lost = lost;
  }

  epoch(run: string): number {
    const lease = this.#held.get(run);
    if (lease) return lease.epoch;
    throw new TroupeError('fenced', `This process does not own the run ${run}; resume it to own it.`);
  }

  owns(run: string): boolean {
    return this.#held.has(run);
  }

  get runs(): string[] {
    return [...this.#held.keys()];
  }

  async claim(run: string): Promise<void> {
    if (this.#held.has(run)) return;
    const { owner, alive, ttl = 10_000 } = this.#options;
    const epoch = await this.#journal.claim(run, owner, { now: this.#clock.now(), ttl, ...(alive ? { alive } : {}) });
    this.#keep(run, epoch, ttl);
  }

  #keep(run: string, epoch: number, ttl: number): void {
    const renew = async () => {
      try {
        if (!(await this.#journal.renew(run, epoch, this.#clock.now() + ttl))) return this.drop(run);
      } catch {
        // The journal is busy or away. The lease may run out; the epoch in every commit still keeps a second writer from harm.
      }
      if (this.#held.get(run)?.epoch === epoch) this.#keep(run, epoch, ttl);
    };
    const renewal = this.#clock.wake(this.#clock.now() + ttl / 3, () => void renew());
    this.#held.set(run, { epoch, renewal });
  }

  /** Stops being the owner without asking: somebody else is. */
  drop(run: string): void {
    this.#forget(run);
    this.#lost(run);
  }

  async release(run: string): Promise<void> {
    const epoch = this.#forget(run);
    if (epoch !== undefined) await this.#journal.release(run, epoch);
  }

  /** Stops renewing, as a process that died would. */
  abandon(): void {
    for (const run of this.runs) this.#forget(run);
  }

  #forget(run: string): number | undefined {
    const lease = this.#held.get(run);
    lease?.renewal[Symbol.dispose]();
    this.#held.delete(run);
    return lease?.epoch;
  }
}
