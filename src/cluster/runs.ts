/** The runs of a node: resumed here when they are free, released when they belong to another node, and watched until they end. */
import { toFailure, TroupeError } from '../values/failure.ts';
import { isJsonObject, type Json } from '../values/json.ts';
import type { ActorRow, RunAtRest } from '../journal/journal.ts';
import { versionIn } from '../runtime/runHandle.ts';
import type {
  ListedRun,
  RestingHandle,
  RunHandle,
  RunKeeper,
  RunOutcome,
  Runtime,
  Runnable,
} from '../runtime/runtime.ts';

/** A definition that a node can run. */
export interface OfferedDefinition {
  readonly name: string;
  readonly runnable: Runnable;
  /** Where a file exports a function, what the function returns for the settings of a run. Default: `runnable`, for every run. */
  readonly definitionFor?: (settings: Json | undefined) => Runnable | Promise<Runnable>;
}

/** The definition of a run that was started with these settings. */
export const definitionWith = (
  { runnable, definitionFor }: Pick<OfferedDefinition, 'runnable' | 'definitionFor'>,
  settings: Json | undefined,
): Runnable | Promise<Runnable> => (definitionFor ? definitionFor(settings) : runnable);

/** A run at this node. */
export interface NodeRun {
  readonly handle: RunHandle | RestingHandle;
  readonly name: string;
  /** The version of the definition with which it was begun, where that is known. */
  readonly version: string | undefined;
  /** It was moved here by request, and stays as long as this node runs. */
  readonly isPinned: boolean;
}

/** Of which definition a stored run is: its name, the settings of the run, and the version with which it was begun, where that is known. */
export interface OfferedRun {
  readonly name: string;
  readonly args: Json | undefined;
  readonly version: string | undefined;
}

/** The name of the definition with which a run was started, and its settings; from the metadata of its root. */
export function runOrigin({ meta }: Pick<ActorRow, 'meta'>): {
  readonly name: string;
  readonly args: Json | undefined;
} {
  const { about } = isJsonObject(meta) ? meta : {};
  const { name, args } = isJsonObject(about) ? about : {};
  return { name: typeof name === 'string' ? name : '', args };
}

/** Is it a run that is not loaded? */
const isResting = (known: NodeRun | undefined): boolean => known !== undefined && 'wake' in known.handle;

/** Milliseconds for which a run that could not go on here is left to other nodes. */
const retryAfter = 10_000;
/** The most lost runs that are named in the log at once. */
const maxNamed = 3;

/** The runs of one node. */
export class NodeRuns {
  readonly #runtime: Runtime;
  readonly #offers: ReadonlyMap<string, OfferedDefinition>;
  readonly #log: (line: string) => void;
  readonly #onEnd: (definition: string, status: RunOutcome['status']) => void;
  readonly #runs = new Map<string, NodeRun>();
  readonly #taking = new Map<string, Promise<void>>();
  /** Runs that cannot continue with any definition of this node; they are not tried again as long as they are free. */
  readonly #unfit = new Set<string>();
  /** Runs that could not go on here: until when they are left to other nodes. By the clock of the runtime. */
  readonly #failed = new Map<string, number>();
  readonly #releasing = new Set<string>();
  /** Runs that this node did not release and has no more, until that is logged. */
  #lost: string[] = [];
  /** Loads the runs that were taken over without that. */
  readonly #keeper: RunKeeper = {
    wake: (run) => this.#wake(run),
    lost: (run) => {
      this.#lost.push(run);
      this.#forget(run);
    },
  };
  /** Runs that came here and of which it is not known yet whether another node should have them. */
  readonly #unplaced = new Set<string>();

  /** `onEnd` is called with the definition and the status of each run that ends here, or is released. */
  constructor(
    runtime: Runtime,
    offers: readonly OfferedDefinition[],
    log: (line: string) => void,
    onEnd: (definition: string, status: RunOutcome['status']) => void,
  ) {
    this.#runtime = runtime;
    this.#onEnd = onEnd;
    this.#offers = new Map(offers.map((offer) => [offer.name, offer]));
    this.#log = log;
  }

  /** By run id. */
  get all(): ReadonlyMap<string, NodeRun> {
    return this.#runs;
  }

  /** The definition of a stored run. Rejects with `unknown_recipient` when there is no such run, or this node has no such definition, `conflict` when it has ended. */
  async definitionOf(run: string): Promise<{ name: string; subject: Runnable }> {
    const [root] = await this.#runtime.journal.find({ run, parent: null, limit: 1 });
    if (!root) throw new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
    if (root.status !== 'active') throw new TroupeError('conflict', `The run "${run}" has ended (${root.status}).`);
    const { name, args } = runOrigin(root);
    const offer = this.#offers.get(name);
    if (offer) return { name, subject: await definitionWith(offer, args) };
    throw new TroupeError('unknown_recipient', `The run "${run}" is of "${name}", which this node does not offer.`);
  }

  /** How many runs are here, or are being taken. */
  get count(): number {
    let count = this.#runs.size;
    for (const run of this.#taking.keys()) if (!this.#runs.has(run)) count++;
    return count;
  }

  /** Does a free run need no decision: because it is here, is being taken, or cannot continue here, for good or for now? */
  isSettled(run: string): boolean {
    if (this.#runs.has(run) || this.#taking.has(run) || this.#unfit.has(run)) return true;
    const until = this.#failed.get(run);
    if (until === undefined) return false;
    if (this.#runtime.now() < until) return true;
    this.#failed.delete(run);
    return false;
  }

  /** The runs that cannot continue here, as of now. */
  get unfit(): ReadonlySet<string> {
    return new Set(this.#unfit);
  }

  /**
   * Only these runs were free when they were listed: one of `unfit`, the runs of before the list, that is not among them was taken by another node, or was set
   * aside. What is free later under its key is looked at anew. A run that this node was trying meanwhile is not free in the list, and stays unfit.
   */
  keepUnfit(unfit: ReadonlySet<string>, free: ReadonlySet<string>): void {
    for (const run of unfit) if (!free.has(run)) this.#unfit.delete(run);
  }

  /** The next runs, `most` at a time, of which it is to be decided whether another node should have them. Each is given once. */
  nextUnplaced(most: number): string[] {
    const next: string[] = [];
    for (const run of this.#unplaced) {
      if (next.length === most) break;
      next.push(run);
      this.#unplaced.delete(run);
    }
    return next;
  }

  /** The nodes are others now: it is to be decided again for every run. */
  placeAgain(): void {
    for (const run of this.#runs.keys()) this.#unplaced.add(run);
  }

  /** Logs what was lost since the last call. Many at once are one line: then this whole process was taken for dead. */
  logLost(): void {
    const lost = this.#lost;
    if (lost.length === 0) return;
    this.#lost = [];
    const [few, more] = [lost.slice(0, maxNamed), lost.length - maxNamed];
    if (more <= 0) for (const run of few) this.#log(`${run} was taken over by another process`);
    else
      this.#log(
        `${lost.length} runs were taken over at once (${few.join(', ')} and ${more} more): another process took this one for dead. It stopped them, and goes on taking runs.`,
      );
  }

  /** The definition of a stored run, if this node offers it and can read the run, and the version with which the run was begun. */
  async offeredFor(run: string): Promise<OfferedRun | undefined> {
    const [root] = await this.#runtime.journal.find({ run, parent: null, limit: 1 }).catch((thrown: unknown) => {
      if (this.#isUnfit(run, thrown)) return [];
      throw thrown;
    });
    const origin = root && runOrigin(root);
    return origin && this.#offers.has(origin.name) ? { ...origin, version: versionIn(root) } : undefined;
  }

  /** The same of a run at rest, without reading it. */
  offeredAtRest({ about }: RunAtRest): OfferedRun | undefined {
    const root = { meta: { about } };
    const origin = runOrigin(root);
    return this.#offers.has(origin.name) ? { ...origin, version: versionIn(root) } : undefined;
  }

  /** Takes over a run that waits, and loads it when something comes for it. `why` is logged. Rejects as `Runtime.rest` does. */
  rest(run: string, why: string, listed: ListedRun, offered: OfferedRun): Promise<void> {
    return this.#once(run, async () => {
      const handle = await this.#runtime.rest(run, listed, this.#keeper);
      const { name, version } = offered;
      this.#add(run, { handle, name, version, isPinned: false });
      this.#log(`${run} is here now: ${why}`);
      const runnable = this.#offers.get(name)?.runnable;
      if (runnable) this.noteVersion({ id: run, begunWith: version }, runnable);
    });
  }

  /** The handle of a run that is here, which is loaded for it. */
  async handleOf(run: string): Promise<RunHandle | undefined> {
    const known = this.#runs.get(run)?.handle;
    if (known && 'wake' in known) {
      await known.wake();
      // It was given back, or somebody else has it by now.
      if (this.#runs.get(run)?.handle === known) this.#forget(run);
    }
    const handle = this.#runs.get(run)?.handle;
    return handle && 'outcome' in handle ? handle : undefined;
  }

  /** Resumes a run here. `why` is logged; `offered` is what `offeredFor` has told of it, if it was asked. Rejects as `Runtime.resume` does. */
  take(
    run: string,
    why: string,
    { isPinned = false, offered }: { readonly isPinned?: boolean; readonly offered?: OfferedRun } = {},
  ): Promise<void> {
    return this.#once(run, () => this.#take(run, why, isPinned, offered));
  }

  /** One at a time for each run: whoever asks meanwhile gets what is under way. */
  #once(run: string, take: () => Promise<void>): Promise<void> {
    const before = this.#taking.get(run);
    if (before) return before;
    const taking = take().finally(() => this.#taking.delete(run));
    this.#taking.set(run, taking);
    return taking;
  }

  /** Loads a run that rests here. When that fails, the run is given back. */
  async #wake(run: string): Promise<void> {
    // It may be on its way here.
    await this.#taking.get(run)?.catch(() => {});
    await this.#once(run, async () => {
      if (!isResting(this.#runs.get(run)) || this.#releasing.has(run)) return;
      try {
        const { name, subject } = await this.definitionOf(run);
        const handle = await this.#runtime.resume(run, subject);
        this.watch(name, handle);
        // Otherwise it was said when the run came here.
        if (subject !== this.#offers.get(name)?.runnable) this.noteVersion(handle, subject);
      } catch (thrown) {
        if (isResting(this.#runs.get(run))) this.#forget(run);
        if (!this.#isUnfit(run, thrown)) this.#log(`${run} cannot go on here now: ${toFailure(thrown).message}`);
        throw thrown;
      }
    });
  }

  /** Releases a run; its effects under way get `grace` milliseconds to finish. Rejects with `conflict` when it is not here. */
  async release(run: string, grace: number): Promise<void> {
    // It may be being loaded.
    for (let taking = this.#taking.get(run); taking; taking = this.#taking.get(run)) await taking.catch(() => {});
    const known = this.#runs.get(run);
    if (!known) throw new TroupeError('conflict', `The run "${run}" is not at this node.`);
    this.#releasing.add(run);
    try {
      // Where it rested it is not here any more, also when it cannot be given back now: the journal tries that again.
      await known.handle.park(grace).finally(() => isResting(this.#runs.get(run)) && this.#forget(run));
      this.#forget(run);
      if (!isResting(known)) return;
      // Nobody watches one that is not loaded.
      this.#onEnd(known.name, 'parked');
      this.#log(`${run} was released`);
    } finally {
      this.#releasing.delete(run);
    }
  }

  /** Watches a run that was started here until it ends. */
  watch(name: string, handle: RunHandle, isPinned = false): void {
    const { id } = handle;
    const before = this.#runs.get(id);
    if (before && !isResting(before)) return;
    const known = { handle, name, isPinned, version: handle.begunWith };
    this.#add(id, known);
    const isReleased = () => this.#releasing.has(id) || this.#runs.get(id) !== known;
    const end = (how: string | undefined) => {
      if (this.#runs.get(id) === known) this.#forget(id);
      if (how !== undefined) this.#log(`${id} ${how}`);
    };
    handle.outcome().then(
      (outcome) => {
        this.#onEnd(name, outcome.status);
        if (outcome.status !== 'parked') return end(`ended: ${outcome.status}`);
        if (outcome.failure) this.#failed.set(id, this.#runtime.now() + retryAfter);
        if (outcome.failure) return end(`cannot go on here now: ${outcome.failure.message}`);
        if (isReleased()) return end('was released');
        this.#lost.push(id);
        end(undefined);
      },
      (thrown: unknown) => end(`cannot be followed any more: ${toFailure(thrown).message}`),
    );
  }

  #add(run: string, known: NodeRun): void {
    // A damaged run of this id may have been set aside.
    this.#unfit.delete(run);
    this.#runs.set(run, known);
    this.#unplaced.add(run);
  }

  #forget(run: string): void {
    this.#runs.delete(run);
    this.#unplaced.delete(run);
  }

  /** Says when a run goes on with another version of its definition than the one with which it was begun. */
  noteVersion({ id, begunWith }: Pick<RunHandle, 'id' | 'begunWith'>, subject: Runnable): void {
    const version = this.#runtime.versionOf(subject);
    if (begunWith !== undefined && begunWith !== version)
      this.#log(
        `${id} was begun with version ${begunWith.slice(0, 7)} of "${subject.name}", and goes on with ${version.slice(0, 7)}`,
      );
  }

  async #take(run: string, why: string, isPinned: boolean, offered: OfferedRun | undefined): Promise<void> {
    try {
      const offer = offered && this.#offers.get(offered.name);
      const { name, subject } = offer
        ? { name: offer.name, subject: await definitionWith(offer, offered.args) }
        : await this.definitionOf(run);
      const handle = await this.#runtime.resume(run, subject);
      this.watch(name, handle, isPinned);
      this.#log(`${run} is here now: ${why}`);
      this.noteVersion(handle, subject);
    } catch (thrown) {
      this.#isUnfit(run, thrown);
      throw thrown;
    }
  }

  /** Is it a run with which this node can never go on? It is named in the log, once, and not tried again while it is free. */
  #isUnfit(run: string, thrown: unknown): boolean {
    const { kind, message } = toFailure(thrown);
    if (kind !== 'incompatible' && kind !== 'corrupt' && kind !== 'conflict') return false;
    this.#unfit.add(run);
    this.#log(`${run} cannot go on here (${kind}): ${message}`);
    return true;
  }
}
