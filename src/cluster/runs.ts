/** The runs of a node: resumed here when they are free, released when they belong to another node, and watched until they end. */
import { toFailure, TroupeError } from '../values/failure.ts';
import { isJsonObject, type Json } from '../values/json.ts';
import type { ActorRow } from '../journal/journal.ts';
import { versionIn, type RunHandle, type RunOutcome, type Runtime, type Runnable } from '../runtime/runtime.ts';

/** A definition that a node can run. */
export interface OfferedDefinition {
  readonly name: string;
  readonly runnable: Runnable;
  /** The definition of a run that was started with these settings: where a file exports a function, what the function returns for them. */
  readonly definitionFor: (settings: Json | undefined) => Runnable | Promise<Runnable>;
}

/** A run at this node. */
export interface NodeRun {
  readonly handle: RunHandle;
  readonly name: string;
  /** The version of the definition with which it was begun, where that is known. */
  readonly version: string | undefined;
  /** It was moved here by request, and stays as long as this node runs. */
  readonly isPinned: boolean;
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

/** The runs of one node. */
export class NodeRuns {
  readonly #runtime: Runtime;
  readonly #offers: ReadonlyMap<string, OfferedDefinition>;
  readonly #log: (line: string) => void;
  readonly #onEnd: (definition: string, status: RunOutcome['status']) => void;
  readonly #runs = new Map<string, NodeRun>();
  readonly #taking = new Map<string, Promise<void>>();
  /** Runs that cannot continue with any definition of this node; they are not tried again. */
  readonly #unfit = new Set<string>();

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
    if (offer) return { name, subject: await offer.definitionFor(args) };
    throw new TroupeError('unknown_recipient', `The run "${run}" is of "${name}", which this node does not offer.`);
  }

  /** Does a free run need no decision: because it is here, is being taken, or cannot continue here? */
  isSettled(run: string): boolean {
    return this.#runs.has(run) || this.#taking.has(run) || this.#unfit.has(run);
  }

  /** The name of a stored run's definition, if this node offers it, and the version with which the run was begun. */
  async offeredFor(run: string): Promise<{ readonly name: string; readonly version: string | undefined } | undefined> {
    const [root] = await this.#runtime.journal.find({ run, parent: null, limit: 1 });
    const name = root && runOrigin(root).name;
    return name !== undefined && this.#offers.has(name) && root ? { name, version: versionIn(root) } : undefined;
  }

  /** Resumes a run here. `why` is logged. Rejects as `Runtime.resume` does. */
  take(run: string, why: string, pinned = false): Promise<void> {
    const before = this.#taking.get(run);
    if (before) return before;
    const taking = this.#take(run, why, pinned).finally(() => this.#taking.delete(run));
    this.#taking.set(run, taking);
    return taking;
  }

  /** Releases a run; its effects under way get `grace` milliseconds to finish. Rejects with `conflict` when it is not here. */
  async release(run: string, grace: number): Promise<void> {
    const known = this.#runs.get(run);
    if (!known) throw new TroupeError('conflict', `The run "${run}" is not at this node.`);
    await known.handle.park(grace);
    this.#runs.delete(run);
  }

  /** Watches a run that was started here until it ends. */
  watch(name: string, handle: RunHandle, isPinned = false): void {
    const { id } = handle;
    if (this.#runs.has(id)) return;
    const known = { handle, name, isPinned, version: handle.begunWith };
    this.#runs.set(id, known);
    const end = (how: string) => {
      if (this.#runs.get(id) === known) this.#runs.delete(id);
      this.#log(`${id} ${how}`);
    };
    handle.outcome().then(
      ({ status }) => {
        this.#onEnd(name, status);
        end(status === 'parked' ? 'was released' : `ended: ${status}`);
      },
      (thrown: unknown) => end(`cannot be followed any more: ${toFailure(thrown).message}`),
    );
  }

  /** Says when a run goes on with another version of its definition than the one with which it was begun. */
  noteVersion({ id, begunWith }: RunHandle, subject: Runnable): void {
    const version = this.#runtime.versionOf(subject);
    if (begunWith !== undefined && begunWith !== version)
      this.#log(
        `${id} was begun with version ${begunWith.slice(0, 7)} of "${subject.name}", and goes on with ${version.slice(0, 7)}`,
      );
  }

  async #take(run: string, why: string, pinned: boolean): Promise<void> {
    try {
      const { name, subject } = await this.definitionOf(run);
      const handle = await this.#runtime.resume(run, subject);
      this.watch(name, handle, pinned);
      this.#log(`${run} is here now: ${why}`);
      this.noteVersion(handle, subject);
    } catch (thrown) {
      const { kind, message } = toFailure(thrown);
      if (kind === 'incompatible' || kind === 'corrupt' || kind === 'conflict') {
        this.#unfit.add(run);
        this.#log(`${run} cannot go on here (${kind}): ${message}`);
      }
      throw thrown;
    }
  }
}
