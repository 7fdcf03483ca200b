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
  /** Epochs of the runs we own. */
  readonly #held = new Map<string, number>();
  #renewal: Disposable | undefined;

  constructor(journal: Journal, clock: Clock, options: LeaseOptions, lost: (run: string) => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#options = options;
    this.#lost = lost;
  }

  epoch(run: string): number {
    const epoch = this.#held.get(run);
    if (epoch !== undefined) return epoch;
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
    const { owner, alive } = this.#options;
    this.#held.set(
      run,
      await this.#journal.claim(run, owner, { now: this.#clock.now(), ttl: this.#ttl, ...(alive ? { alive } : {}) }),
    );
    this.#keepUp();
  }

  /** Stops being the owner without asking: somebody else is. */
  drop(run: string): void {
    if (this.#held.delete(run)) this.#lost(run);
  }

  async release(run: string): Promise<void> {
    const epoch = this.#held.get(run);
    this.#held.delete(run);
    if (epoch !== undefined) await this.#journal.release(run, epoch);
  }

  /** Stops renewing, as a process that died would. */
  abandon(): void {
    this.#held.clear();
    this.#renewal?.[Symbol.dispose]();
  }

  get #ttl(): number {
    return this.#options.ttl ?? 10_000;
  }

  #keepUp(): void {
    this.#renewal ??= this.#clock.wake(this.#clock.now() + this.#ttl / 3, () => void this.#renewAll());
  }

  async #renewAll(): Promise<void> {
    const until = this.#clock.now() + this.#ttl;
    await Promise.all(
      [...this.#held].map(async ([run, epoch]) => {
        // When the journal is busy or away the lease may run out; the epoch in every commit still keeps a second writer from harm.
        const kept = await this.#journal.renew(run, epoch, until).catch(() => true);
        if (!kept && this.#held.get(run) === epoch) this.drop(run);
      }),
    );
    this.#renewal = undefined;
    if (this.#held.size > 0) this.#keepUp();
  }
}
