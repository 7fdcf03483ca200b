/** One writer per run: a lease with an epoch, renewed while the process lives. A process that loses it stops at once (E4). */
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import type { Journal, ReleaseReason } from '../journal/journal.ts';
import { OwnedLeases } from './ownedLeases.ts';

/** How a process takes and keeps leases. */
export interface LeaseOptions {
  /** The id of the process that holds the lease, so that another one can tell whether it is alive. No other process may have it. */
  readonly owner: string;
  /** Is the process with that id alive? Without it, only the lease's time tells. */
  readonly alive?: (owner: string) => boolean;
  /** How long a lease lasts without being renewed, in milliseconds; default 10,000. */
  readonly ttl?: number;
}

/** What becomes of a lease; both are called when it is no longer held here. */
export interface LeaseEvents {
  /** Another process has it, or this one cannot go on with the run. */
  lost(run: string): void;
  /** It is given back. The journal may not know it yet. */
  released(run: string): void;
}

/** The lease of a run, as this process holds it. */
interface Lease {
  readonly epoch: number;
  /** No other process can take it before that time, by the clock of this process. */
  until: number;
}

/** The leases of one process. */
export class Leases {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #options: LeaseOptions;
  readonly #events: LeaseEvents;
  readonly #leases = new Map<string, Lease>();
  /** No other process can take any of the leases before that time: all were renewed together. */
  #until = -Infinity;
  readonly #owned: OwnedLeases | undefined;
  /** Leases that are being given back, and that others may wait for. */
  readonly #releases = new Map<string, Promise<void>>();
  #renewal: Disposable | undefined;

  constructor(journal: Journal, clock: Clock, options: LeaseOptions, events: LeaseEvents) {
    this.#journal = journal;
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    this.#owned = journal.renewAll && new OwnedLeases(journal, options.owner, this.#leases);
  }

  epoch(run: string): number {
    const held = this.#leases.get(run);
    if (held) return held.epoch;
    throw new TroupeError('fenced', `This process does not own the run ${run}; resume it to own it.`);
  }

  holds(run: string): boolean {
    return this.#leases.has(run);
  }

  /** How many leases this process holds. */
  get size(): number {
    return this.#leases.size;
  }

  get runs(): string[] {
    return [...this.#leases.keys()];
  }

  /** `isNew` and `asListed` as in `RunLeases.claim`. */
  async claim(run: string, how: { readonly isNew?: boolean; readonly asListed?: number } = {}): Promise<void> {
    if (this.#leases.has(run)) return;
    const { owner, alive } = this.#options;
    const now = this.#clock.now();
    const asked = this.#owned?.asked(run);
    try {
      const epoch = await this.#journal.claim(run, owner, { now, ttl: this.#ttl, ...how, ...(alive ? { alive } : {}) });
      this.#leases.set(run, { epoch, until: now + this.#ttl });
      if (asked) this.#owned?.answered(asked, 'held');
    } catch (thrown) {
      if (asked) this.#owned?.answered(asked, 'refused');
      throw thrown;
    }
    this.#scheduleRenewal();
  }

  /** Is it certain that no other process holds the lease by now? A process that was suspended must ask first. */
  isCurrent(run: string): boolean {
    const held = this.#leases.get(run);
    if (held === undefined || this.#clock.now() >= Math.max(held.until, this.#until)) return false;
    return this.#journal.isCurrent?.(run) ?? true;
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

  /** Stops holding a lease because this process cannot go on with the run. It is given back, so that another process can try. */
  giveUp(run: string): void {
    const held = this.#leases.get(run);
    this.drop(run);
    // What cannot be written now is found at a renewal: the journal then counts one lease more than this process holds.
    if (held) void this.#journal.release(run, held.epoch, 'failed').catch(() => {});
  }

  /**
   * Resolves when the journal has it back, also where it is being given back already. `why` as in `RunLeases.release`: that of a run that has `ended` may be
   * written later, and only this call waits for it.
   */
  async release(run: string, why?: ReleaseReason): Promise<void> {
    const held = this.#leases.get(run);
    if (!held) return this.#releases.get(run);
    this.#leases.delete(run);
    this.#events.released(run);
    const release = this.#journal.release(run, held.epoch, why);
    if (why !== 'ended') this.#releases.set(run, release);
    try {
      await release;
    } finally {
      if (this.#releases.get(run) === release) this.#releases.delete(run);
    }
  }

  /** Resolves when none that others may wait for is being given back any more, whatever came of it. */
  async released(): Promise<void> {
    await Promise.allSettled(this.#releases.values());
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
    this.#renewal ??= this.#clock.wake(this.#clock.now() + this.#ttl / 3, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    // When the journal is busy or away the leases may expire; the epoch in every commit still keeps a second writer from harm.
    await (this.#owned ? this.#renewTogether(this.#owned) : this.#confirmAll()).catch(() => {});
    this.#renewal = undefined;
    if (this.#leases.size > 0) this.#scheduleRenewal();
  }

  /** One write for all leases. Only when the journal does not have as many as this process, each is asked for. */
  async #renewTogether(owned: OwnedLeases): Promise<void> {
    const untilFromNow = () => this.#clock.now() + this.#ttl;
    // As in `confirm`: a renewal that took longer than a lease lasts is asked for again.
    for (let until = -Infinity; until <= this.#clock.now() && this.#leases.size > 0;) {
      until = untilFromNow();
      if (await owned.renew(until)) this.#until = until;
      else return owned.reconcile(() => this.#confirmAll(), untilFromNow);
    }
  }

  /** Rejects when one of them could not be asked for. */
  async #confirmAll(): Promise<void> {
    const answers = await Promise.allSettled(this.runs.map((run) => this.confirm(run)));
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
  }
}
