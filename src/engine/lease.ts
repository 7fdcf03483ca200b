/** One writer per run: a lease with an epoch, renewed while the process lives. A process that loses it stops at once (E4). */
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import type { Journal } from '../journal/journal.ts';

/** How a process takes and keeps leases. */
export interface LeaseOptions {
  /** The id of the process that holds the lease, so that another one can tell whether it is alive. */
  readonly owner: string;
  /** Is the process with that id alive? Without it, only the lease's time tells. */
  readonly alive?: (owner: string) => boolean;
  /** How long a lease lasts without being renewed, in milliseconds; default 10,000. */
  readonly ttl?: number;
}

/** What becomes of a lease; both are called when it is no longer held here. */
export interface LeaseEvents {
  /** Another process has it. */
  lost(run: string): void;
  /** It is given back. The journal may not know it yet. */
  released(run: string): void;
}

/** The leases of one process. */
export class Leases {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #options: LeaseOptions;
  readonly #events: LeaseEvents;
  /** The leases this process holds: under which epoch, and until when no other process can take them. */
  readonly #leases = new Map<string, { readonly epoch: number; until: number }>();
  #renewal: Disposable | undefined;

  constructor(journal: Journal, clock: Clock, options: LeaseOptions, events: LeaseEvents) {
    this.#journal = journal;
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
  }

  epoch(run: string): number {
    const held = this.#leases.get(run);
    if (held) return held.epoch;
    throw new TroupeError('fenced', `This process does not own the run ${run}; resume it to own it.`);
  }

  holds(run: string): boolean {
    return this.#leases.has(run);
  }

  get runs(): string[] {
    return [...this.#leases.keys()];
  }

  async claim(run: string): Promise<void> {
    if (this.#leases.has(run)) return;
    const { owner, alive } = this.#options;
    const now = this.#clock.now();
    const epoch = await this.#journal.claim(run, owner, { now, ttl: this.#ttl, ...(alive ? { alive } : {}) });
    this.#leases.set(run, { epoch, until: now + this.#ttl });
    this.#scheduleRenewal();
  }

  /** Is it certain that no other process holds the lease by now? A process that was suspended must ask first. */
  isCurrent(run: string): boolean {
    return this.#clock.now() < (this.#leases.get(run)?.until ?? -Infinity);
  }

  /** Renews the lease now; false when another process has it. Rejects with `storage` while the journal is away. */
  async confirm(run: string): Promise<boolean> {
    const held = this.#leases.get(run);
    if (!held) return false;
    while (this.#leases.get(run) === held) {
      const until = this.#clock.now() + this.#ttl;
      if (!(await this.#journal.renew(run, held.epoch, until))) {
        if (this.#leases.get(run) === held) this.drop(run);
        return false;
      }
      held.until = until;
      // If the renewal took longer than the lease lasts, the lease may have expired meanwhile: ask again.
      if (this.#clock.now() < until) return this.#leases.get(run) === held;
    }
    return false;
  }

  /** Stops holding a lease without asking the journal: another process has it. */
  drop(run: string): void {
    if (this.#leases.delete(run)) this.#events.lost(run);
  }

  async release(run: string): Promise<void> {
    const held = this.#leases.get(run);
    if (!held) return;
    this.#leases.delete(run);
    this.#events.released(run);
    await this.#journal.release(run, held.epoch);
  }

  /** Stops renewing, as a process that died would. */
  abandon(): void {
    this.#leases.clear();
    this.#renewal?.[Symbol.dispose]();
  }

  get #ttl(): number {
    return this.#options.ttl ?? 10_000;
  }

  #scheduleRenewal(): void {
    this.#renewal ??= this.#clock.wake(this.#clock.now() + this.#ttl / 3, () => void this.#renewAll());
  }

  async #renewAll(): Promise<void> {
    // When the journal is busy or away the lease may expire; the epoch in every commit still keeps a second writer from harm.
    await Promise.all(this.runs.map((run) => this.confirm(run).catch(() => {})));
    this.#renewal = undefined;
    if (this.#leases.size > 0) this.#scheduleRenewal();
  }
}
