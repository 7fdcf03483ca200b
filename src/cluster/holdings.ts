/** The runs that a node has: taken when they are free and its to have, given when they are another's, watched until they end. */
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import type { ActorRow } from '../journal/journal.ts';
import type { RunHandle, Runtime, Subject } from '../runtime.ts';

/** What a node can run. */
export interface Offered {
  readonly name: string;
  readonly subject: Subject;
  /** The definition that a run was started from: of a file that exports a function, what the function gives for these settings. */
  readonly of: (settings: Json | undefined) => Subject | Promise<Subject>;
}

export interface Held {
  readonly handle: RunHandle;
  readonly name: string;
  /** Somebody said that it is to be here: it stays while this node does. */
  readonly pinned: boolean;
}

/** By what definition a run was started, and with what settings. */
export function originOf({ meta }: ActorRow): { readonly name: string; readonly args: Json | undefined } {
  const { name = '', args } = ((meta as { about?: unknown }).about ?? {}) as { name?: string; args?: Json };
  return { name, args };
}

export class Holdings {
  readonly #runtime: Runtime;
  readonly #offers: ReadonlyMap<string, Offered>;
  readonly #say: (line: string) => void;
  readonly #held = new Map<string, Held>();
  readonly #taking = new Map<string, Promise<void>>();
  /** Runs that no definition of this node can go on with; they are not tried again. */
  readonly #unfit = new Set<string>();

  constructor(runtime: Runtime, offers: readonly Offered[], say: (line: string) => void) {
    this.#runtime = runtime;
    this.#offers = new Map(offers.map((offer) => [offer.name, offer]));
    this.#say = say;
  }

  get all(): ReadonlyMap<string, Held> {
    return this.#held;
  }

  /** The definition of a stored run. Rejects with `unknown_recipient` when there is no such run, or this node has no such definition, `conflict` when it has ended. */
  async definitionOf(run: string): Promise<{ name: string; subject: Subject }> {
    const [root] = await this.#runtime.journal.find({ run, parent: null, limit: 1 });
    if (!root) throw new TroupeError('unknown_recipient', `There is no run "${run}" in this journal.`);
    if (root.status !== 'active') throw new TroupeError('conflict', `The run "${run}" has ended (${root.status}).`);
    const { name, args } = originOf(root);
    const offer = this.#offers.get(name);
    if (offer) return { name, subject: await offer.of(args) };
    throw new TroupeError('unknown_recipient', `The run "${run}" is of "${name}", which this node does not offer.`);
  }

  /** Is there nothing to be done about a run that is free: it is here, or comes, or cannot go on here? */
  isSettled(run: string): boolean {
    return this.#held.has(run) || this.#taking.has(run) || this.#unfit.has(run);
  }

  /** What a stored run is a run of, if this node offers that. */
  async offeredFor(run: string): Promise<string | undefined> {
    const [root] = await this.#runtime.journal.find({ run, parent: null, limit: 1 });
    const name = root && originOf(root).name;
    return name !== undefined && this.#offers.has(name) ? name : undefined;
  }

  /** Goes on with a run here. Rejects as `Runtime.resume` does. */
  take(run: string, why: string, pinned = false): Promise<void> {
    const before = this.#taking.get(run);
    if (before) return before;
    const taking = this.#take(run, why, pinned).finally(() => this.#taking.delete(run));
    this.#taking.set(run, taking);
    return taking;
  }

  /** Lets go of a run; what is being done in it gets `grace` milliseconds to finish. Rejects with `conflict` when it is not here. */
  async give(run: string, grace: number): Promise<void> {
    const held = this.#held.get(run);
    if (!held) throw new TroupeError('conflict', `The run "${run}" is not at this node.`);
    await held.handle.park(grace);
    this.#held.delete(run);
  }

  /** Keeps an eye on a run that was begun here. */
  watch(name: string, handle: RunHandle, pinned = false): void {
    const { id } = handle;
    if (this.#held.has(id)) return;
    const held = { handle, name, pinned };
    this.#held.set(id, held);
    const over = (word: string) => {
      if (this.#held.get(id) === held) this.#held.delete(id);
      this.#say(`${id} ${word}`);
    };
    handle.outcome().then(
      ({ status }) => over(status === 'parked' ? 'was let go of' : `ended: ${status}`),
      (thrown: unknown) => over(`cannot be followed any more: ${toFailure(thrown).message}`),
    );
  }

  async #take(run: string, why: string, pinned: boolean): Promise<void> {
    try {
      const { name, subject } = await this.definitionOf(run);
      this.watch(name, await this.#runtime.resume(run, subject), pinned);
      this.#say(`${run} is here now: ${why}`);
    } catch (thrown) {
      const { kind, message } = toFailure(thrown);
      if (kind === 'incompatible' || kind === 'corrupt' || kind === 'conflict') {
        this.#unfit.add(run);
        this.#say(`${run} cannot go on here (${kind}): ${message}`);
      }
      throw thrown;
    }
  }
}
