/** Which runs a node should have: it takes those that are free and fall to it, and hands on those that fall to another. */
import type { Clock } from '../contracts/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { Holdings } from './holdings.ts';
import type { Peers } from './peers.ts';
import { quietly } from './quietly.ts';
import { ranked } from './rendezvous.ts';

export interface PlacementOptions {
  /** This node's. */
  readonly name: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly holdings: Holdings;
  isFull(): boolean;
  /** Tells a node to take a run from here. Rejects when it will not, and then the run is still here. */
  hand(run: string, to: string): Promise<unknown>;
}

/** For so long the same nodes must have been there before a run moves to where it belongs; milliseconds. */
const settled = 5_000;
/** A run that is free is first the best node's; each one after it waits so much longer. Milliseconds. */
const turn = 2_000;
/** Runs that are handed on in one round. */
const atOnce = 20;

export class Placement {
  readonly #options: PlacementOptions;
  /** Runs without an owner: since when, and what they are runs of, where this node offers that. It never changes, and is looked up once. */
  readonly #free = new Map<string, { readonly since: number; readonly name: string | undefined }>();
  #nodes = { names: '', since: -Infinity };
  /** Who would not have which run, while the nodes are the same. */
  readonly #refused = new Set<string>();
  #round: Promise<void> | undefined;

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /** One round at a time. */
  look(): void {
    this.#round ??= quietly(this.#takeFree().then(() => this.#handOn())).then(() => (this.#round = undefined));
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.#round;
  }

  async #takeFree(): Promise<void> {
    const { name, journal, clock, peers, holdings, isFull } = this.#options;
    const now = clock.now();
    const over = await journal.claims({ overAt: now });
    const known = new Set(over.map(({ run }) => run));
    for (const run of this.#free.keys()) if (!known.has(run)) this.#free.delete(run);
    for (const { run, owner } of over) {
      if (isFull()) return;
      if (holdings.isSettled(run)) continue;
      const free = this.#free.get(run) ?? { since: now, name: await holdings.offeredFor(run) };
      this.#free.set(run, free);
      if (free.name === undefined) continue;
      const place = this.#order(run, free.name).indexOf(name);
      if (place < 0 || now < free.since + place * turn) continue;
      const [host, process] = owner.split(' ');
      const keeper = peers.all.find((peer) => peer.owner === owner)?.name ?? `process ${process} on ${host}`;
      await quietly(holdings.take(run, `${keeper} let go of it`));
    }
  }

  /** Only while nothing is being done in a run, and only when the nodes are the same for a while. */
  async #handOn(): Promise<void> {
    const { name, clock, peers, holdings, hand } = this.#options;
    const names = peers.all.map((peer) => `${peer.name}${peer.leaving ? ' leaves' : ''}`).join();
    const now = clock.now();
    if (names !== this.#nodes.names) {
      this.#nodes = { names, since: now };
      this.#refused.clear();
    }
    if (now < this.#nodes.since + settled) return;
    const strays = [...holdings.all].flatMap(([run, { handle, name: subject, pinned }]) => {
      const [best = name] = pinned || !handle.resting ? [] : this.#order(run, subject);
      return best === name || this.#refused.has(`${run} ${best}`) ? [] : [{ run, best }];
    });
    for (const { run, best } of strays.slice(0, atOnce))
      await hand(run, best).catch(() => this.#refused.add(`${run} ${best}`));
  }

  /** The nodes that may have a run of this name, best first. */
  #order(run: string, subject: string): string[] {
    const mayHave = this.#options.peers.all.filter(
      ({ full, offers }) => !full && offers.some((offer) => offer.name === subject),
    );
    return ranked(run, mayHave);
  }
}
