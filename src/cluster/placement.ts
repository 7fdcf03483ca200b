/** Decides which runs a node has: it takes the free runs that belong to it, and hands over those that belong to another node. */
import type { Clock } from '../values/clock.ts';
import { inParallel } from '../values/inParallel.ts';
import type { Journal, RunLease } from '../journal/journal.ts';
import type { NodeRuns } from './runs.ts';
import type { ClusterMembership } from './membership.ts';
import type { NodeReport } from './nodeReport.ts';
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
/** How many free runs are looked at and taken at a time. */
const concurrency = 64;
/** The most runs that are handed over in one round. */
const maxHandovers = 20;
/** The most runs of which it is decided in one round whether another node should have them: a round does not stop the process. */
const maxDecisions = 500;

/** A run without an owner. */
interface FreeRun {
  /** Since when this node knows that it is free, in milliseconds since the epoch. */
  readonly since: number;
  /** Its definition, where this node offers it. It never changes, so it is looked up once. */
  readonly offered: Awaited<ReturnType<NodeRuns['offeredFor']>>;
  /** The place of this node among those that can take it, as long as the nodes are these; -1 when it cannot. */
  rank: number;
  nodes: string;
}

/** The decisions of one node, in rounds. */
export class Placement {
  readonly #options: PlacementOptions;
  readonly #free = new Map<string, FreeRun>();
  #nodes = { names: '', since: -Infinity };
  /** What decides where runs belong, when that was decided for the runs of this node. */
  #decidedFor = '';
  /** Runs that belong to another node: to which. */
  readonly #misplaced = new Map<string, string>();
  /** `<run> <node>` of handovers that a node refused; forgotten when the nodes change. */
  readonly #refused = new Set<string>();
  #taking: Promise<void> | undefined;
  #handing: Promise<void> | undefined;

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /**
   * Starts a round unless one is under way. An error ends the round; the next one starts anew. Free runs are not kept waiting by a handover: it takes until its
   * effects have finished, and up to fifteen seconds when the other node dies.
   */
  round(): void {
    this.#taking ??= this.#takeFree()
      .catch(() => {})
      .then(() => void (this.#taking = undefined));
    this.#handing ??= this.#handOver()
      .catch(() => {})
      .then(() => void (this.#handing = undefined));
  }

  /** How many runs that no process holds could go on here, as of the last round. */
  get freeRuns(): number {
    let count = 0;
    for (const { offered } of this.#free.values()) if (offered) count++;
    return count;
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await Promise.all([this.#taking, this.#handing]);
  }

  async #takeFree(): Promise<void> {
    const { journal, clock, membership, runs } = this.#options;
    const now = clock.now();
    const { unfit } = runs;
    const free = await journal.claims({ expiredAt: now });
    const { members } = membership;
    const nodes = deciding(members);
    const known = new Set(free.map(({ run }) => run));
    for (const run of this.#free.keys()) if (!known.has(run)) this.#free.delete(run);
    runs.keepUnfit(unfit, known);
    await inParallel(free, (lease) => this.#consider(lease, now, members, nodes), concurrency);
  }

  /** Takes a free run when it belongs here. */
  async #consider(
    { run, owner, epoch, rest }: RunLease,
    now: number,
    members: readonly NodeReport[],
    nodes: string,
  ): Promise<void> {
    const { name, runs, isFull } = this.#options;
    if (runs.isSettled(run)) {
      this.#free.delete(run);
      return;
    }
    const offer = async () => (rest ? runs.offeredAtRest(rest) : await runs.offeredFor(run));
    const candidate = this.#free.get(run) ?? { since: now, offered: await offer(), rank: -1, nodes: '' };
    this.#free.set(run, candidate);
    const { offered, since } = candidate;
    if (offered === undefined || isFull()) return;
    // Whoever had it last is dead, or has just given it back: nobody waits for that node, although its last report may be fresh.
    const others = () => members.filter((peer) => peer.name === name || peer.owner !== owner);
    if (candidate.nodes !== nodes) candidate.rank = order(others(), run, offered.name, offered.version).indexOf(name);
    candidate.nodes = nodes;
    if (candidate.rank < 0 || now < since + candidate.rank * rankDelay) return;
    const [host, process] = owner.split(' ');
    const previous = members.find((peer) => peer.owner === owner)?.name ?? `process ${process} on ${host}`;
    // A run that cannot be taken must not keep the others from being taken.
    const why = `${previous} released it`;
    const isDue = rest?.due !== undefined && rest.due <= now;
    const taking = rest && !isDue ? runs.rest(run, why, { epoch, ...rest }, offered) : runs.take(run, why, { offered });
    await taking.catch(() => {});
  }

  /** Hands over runs in which nothing is under way, once the nodes have been the same for some time. */
  async #handOver(): Promise<void> {
    const { clock, membership, runs, handOver } = this.#options;
    const { members } = membership;
    const names = members.map((peer) => `${peer.name}${peer.leaving ? ' leaves' : ''}`).join();
    const now = clock.now();
    if (names !== this.#nodes.names) {
      this.#nodes = { names, since: now };
      this.#refused.clear();
    }
    const nodes = deciding(members);
    if (nodes !== this.#decidedFor) {
      this.#decidedFor = nodes;
      this.#misplaced.clear();
      runs.placeAgain();
    }
    if (now < this.#nodes.since + settleTime) return;
    this.#decide(members);
    let handovers = 0;
    for (const [run, best] of this.#misplaced) {
      const known = runs.all.get(run);
      if (!known || this.#refused.has(`${run} ${best}`)) this.#misplaced.delete(run);
      else if (known.handle.idle && handovers++ < maxHandovers)
        await handOver(run, best).catch(() => this.#refused.add(`${run} ${best}`));
    }
  }

  /** Where a run belongs is decided when it comes here, and again when the nodes change: a run that waits costs nothing in between. */
  #decide(members: readonly NodeReport[]): void {
    const { name, runs } = this.#options;
    for (const run of runs.nextUnplaced(maxDecisions)) {
      const known = runs.all.get(run);
      if (!known || known.isPinned) continue;
      const [best = name] = order(members, run, known.name, known.version);
      if (best !== name) this.#misplaced.set(run, best);
    }
  }
}

/** All that decides where a run belongs, as one text. */
const deciding = (members: readonly NodeReport[]): string =>
  JSON.stringify(members.map(({ name, weight, full, offers }) => [name, weight, full, offers]));

/** The nodes that can take a run of this definition, best first: those with the version that began it before all others. */
function order(
  members: readonly NodeReport[],
  run: string,
  definition: string,
  version: string | undefined,
): readonly string[] {
  const candidates = members.flatMap(({ name, weight, full, offers }) => {
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
