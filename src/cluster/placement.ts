/** Decides which runs a node has: it takes the free runs that belong to it, and hands over those that belong to another node. */
import type { Clock } from '../values/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { NodeRuns } from './runs.ts';
import type { ClusterMembership } from './membership.ts';
import { rankCandidates } from './rendezvous.ts';

/** What the decisions are based on. */
export interface PlacementOptions {
  /** The name of this node. */
  readonly name: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly membership: ClusterMembership;
  readonly runs: NodeRuns;
  /** Does this node take no more runs? */
  isFull(): boolean;
  /** Makes another node take a run from here. Rejects when it does not, and then the run is still here. */
  handOver(run: string, to: string): Promise<unknown>;
}

/** Milliseconds for which the nodes must have been the same before a run is handed over. */
const settleTime = 5_000;
/** A free run belongs to the best node first; each further node waits so many milliseconds longer before it takes the run. */
const rankDelay = 2_000;
/** The most runs that are handed over in one round. */
const maxHandovers = 20;

/** The decisions of one node, in rounds. */
export class Placement {
  readonly #options: PlacementOptions;
  /** Runs without an owner: since when, and their definition where this node offers it. It never changes, so it is looked up once. */
  readonly #free = new Map<
    string,
    { readonly since: number; readonly offered: Awaited<ReturnType<NodeRuns['offeredFor']>> }
  >();
  #nodes = { names: '', since: -Infinity };
  /** `<run> <node>` of handovers that a node refused; forgotten when the nodes change. */
  readonly #refused = new Set<string>();
  #round: Promise<void> | undefined;

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /** Starts a round unless one is under way. An error ends the round; the next one starts anew. */
  round(): void {
    this.#round ??= this.#takeFree()
      .then(() => this.#handOver())
      .catch(() => {})
      .then(() => (this.#round = undefined));
  }

  /** How many runs that no process holds could go on here, as of the last round. */
  get freeRuns(): number {
    let count = 0;
    for (const { offered } of this.#free.values()) if (offered) count++;
    return count;
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.#round;
  }

  async #takeFree(): Promise<void> {
    const { name, journal, clock, membership, runs, isFull } = this.#options;
    const now = clock.now();
    const free = await journal.claims({ expiredAt: now });
    const known = new Set(free.map(({ run }) => run));
    for (const run of this.#free.keys()) if (!known.has(run)) this.#free.delete(run);
    for (const { run, owner } of free) {
      if (runs.isSettled(run)) {
        this.#free.delete(run);
        continue;
      }
      const candidate = this.#free.get(run) ?? { since: now, offered: await runs.offeredFor(run) };
      this.#free.set(run, candidate);
      if (candidate.offered === undefined || isFull()) continue;
      const rank = this.#order(run, candidate.offered.name, candidate.offered.version).indexOf(name);
      if (rank < 0 || now < candidate.since + rank * rankDelay) continue;
      const [host, process] = owner.split(' ');
      const previous = membership.members.find((peer) => peer.owner === owner)?.name ?? `process ${process} on ${host}`;
      // A run that cannot be taken must not keep the others from being taken.
      await runs.take(run, `${previous} released it`).catch(() => {});
    }
  }

  /** Hands over runs in which nothing is under way, once the nodes have been the same for some time. */
  async #handOver(): Promise<void> {
    const { name, clock, membership, runs, handOver } = this.#options;
    const names = membership.members.map((peer) => `${peer.name}${peer.leaving ? ' leaves' : ''}`).join();
    const now = clock.now();
    if (names !== this.#nodes.names) {
      this.#nodes = { names, since: now };
      this.#refused.clear();
    }
    if (now < this.#nodes.since + settleTime) return;
    const misplaced = [...runs.all].flatMap(([run, { handle, name: definition, version, isPinned }]) => {
      const [best = name] = isPinned || !handle.idle ? [] : this.#order(run, definition, version);
      return best === name || this.#refused.has(`${run} ${best}`) ? [] : [{ run, best }];
    });
    for (const { run, best } of misplaced.slice(0, maxHandovers))
      await handOver(run, best).catch(() => this.#refused.add(`${run} ${best}`));
  }

  /** The nodes that can take a run of this definition, best first: those with the version that began it before all others. */
  #order(run: string, definition: string, version: string | undefined): string[] {
    const candidates = this.#options.membership.members.flatMap(({ name, weight, full, offers }) => {
      const offer = full ? undefined : offers.find((each) => each.name === definition);
      return offer ? [{ name, weight, isSame: offer.hash === version }] : [];
    });
    const ranked = (isSame: boolean) =>
      rankCandidates(
        run,
        candidates.filter((candidate) => candidate.isSame === isSame),
      );
    return [...ranked(true), ...ranked(false)];
  }
}
