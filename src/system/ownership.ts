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
  /** The runs we own: under which epoch, and until when nobody else can. */
  readonly #held = new Map<string, { readonly epoch: number; until: number }>();
  #renewal: Disposable | undefined;

  constructor(journal: Journal, clock: Clock, options: LeaseOptions, lost: (run: string) => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#options = options;
    this.#lost = lost;
  }

  epoch(run: string): number {
    const held = this.#held.get(run);
    if (held) return held.epoch;
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
    const now = this.#clock.now();
    const epoch = await this.#journal.claim(run, owner, { now, ttl: this.#ttl, ...(alive ? { alive } : {}) });
    this.#held.set(run, { epoch, until: now + this.#ttl });
    this.#keepUp();
  }

  /** Can nobody else own the run by now? A process that stood still cannot know before it has asked. */
  isSure(run: string): boolean {
    return this.#clock.now() < (this.#held.get(run)?.until ?? -Infinity);
  }

  /** Asks whether the run is still ours, and makes sure of it. Rejects with `storage` while the journal is away. */
  async makeSure(run: string): Promise<boolean> {
    const held = this.#held.get(run);
    if (!held) return false;
    while (this.#held.get(run) === held) {
      const until = this.#clock.now() + this.#ttl;
      if (!(await this.#journal.renew(run, held.epoch, until))) {
        if (this.#held.get(run) === held) this.drop(run);
        return false;
      }
      held.until = until;
      // An answer that took longer than the lease it gives is no answer.
      if (this.#clock.now() < until) return this.#held.get(run) === held;
    }
    return false;
  }

  /** Stops being the owner without asking: somebody else is. */
  drop(run: string): void {
    if (this.#held.delete(run)) this.#lost(run);
  }

  async release(run: string): Promise<void> {
    const held = this.#held.get(run);
    this.#held.delete(run);
    if (held) await this.#journal.release(run, held.epoch);
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
    // When the journal is busy or away the lease may run out; the epoch in every commit still keeps a second writer from harm.
    await Promise.all(this.runs.map((run) => this.makeSure(run).catch(() => {})));
    this.#renewal = undefined;
    if (this.#held.size > 0) this.#keepUp();
  }
}
