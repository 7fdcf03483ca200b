/**
 * Compares the leases that the journal counts for this process with those that the process holds: so one write renews them all, and a lost one is noticed by
 * the number. A claim that is under way may be counted or not. A lease that the journal counts and the process does not hold is given back: it belongs to a
 * claim or a release whose outcome this process was not told.
 */
import type { Journal } from '../journal/journal.ts';

/** A claim that was asked for. */
export interface Claim {
  readonly run: string;
  state: 'open' | 'held' | 'refused';
}

/** The leases of one owner in a journal that renews them together. */
export class OwnedLeases {
  readonly #journal: Journal;
  readonly #owner: string;
  readonly #held: ReadonlyMap<string, unknown>;
  readonly #claiming = new Set<Claim>();
  /** So many leases the journal counts beyond those that are held here, and they could not be given back; undefined while that is not known. */
  #surplus: number | undefined = 0;

  /** `held`: the leases that this process holds, by run. */
  constructor(journal: Journal, owner: string, held: ReadonlyMap<string, unknown>) {
    this.#journal = journal;
    this.#owner = owner;
    this.#held = held;
  }

  /** A claim is asked for: it is under way until it is `answered`. */
  asked(run: string): Claim {
    const claim: Claim = { run, state: 'open' };
    this.#claiming.add(claim);
    return claim;
  }

  /** The journal has granted a claim, and the lease is among those that are held; or has refused it. */
  answered(claim: Claim, state: 'held' | 'refused'): void {
    claim.state = state;
    this.#claiming.delete(claim);
  }

  /** Renews all leases. False when they are not those that are held here: then nothing is known of any of them. Rejects as the journal does. */
  async renew(until: number): Promise<boolean> {
    const { more, open } = await this.#renewAndCount(until);
    return this.#surplus !== undefined && more >= this.#surplus && more <= this.#surplus + open;
  }

  /** After a renewal that was false: `askEach` drops those that were lost. Rejects when it does, or when what is too much cannot be given back. */
  async reconcile(askEach: () => Promise<void>, until: () => number): Promise<void> {
    this.#surplus = undefined;
    await askEach();
    const { more, open } = await this.#renewAndCount(until());
    if (more < 0 || open > 0) return;
    this.#surplus = more;
    if (more > 0) await this.#giveBack();
  }

  /** `more`: what the journal counts beyond what was held here when it was asked. So many of the claims that were under way then are not answered yet. */
  async #renewAndCount(until: number): Promise<{ readonly more: number; readonly open: number }> {
    const held = this.#held.size;
    const claiming = [...this.#claiming];
    const count = (await this.#journal.renewAll?.(this.#owner, until)) ?? 0;
    const inState = (wanted: Claim['state']) => claiming.filter(({ state }) => state === wanted).length;
    return { more: count - held - inState('held'), open: inState('open') };
  }

  async #giveBack(): Promise<void> {
    for (const { run, epoch, until } of await this.#journal.claims({ owner: this.#owner })) {
      const isClaimed = this.#held.has(run) || [...this.#claiming].some((claim) => claim.run === run);
      if (isClaimed || until === 0) continue;
      await this.#journal.release(run, epoch);
      if (this.#surplus !== undefined && this.#surplus > 0) this.#surplus--;
    }
  }
}
