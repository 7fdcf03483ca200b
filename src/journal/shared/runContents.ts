/** The contents of runs: those that this process holds as they are here, all others as they are read from the store. */
import { toFailure } from '../../values/failure.ts';
import { actorKeyOf, type Address } from '../../values/ids.ts';
import type { Incarnation } from './incarnation.ts';
import type { RunReader } from './runReader.ts';
import type { RunReplica } from './runReplica.ts';
import type { SharedStore } from './store.ts';

/** What they come from. */
export interface RunContentsOptions {
  readonly store: Pick<SharedStore, 'runs'>;
  readonly reader: RunReader;
  /** The incarnation of this process that holds a run. */
  holderOf(run: string): Incarnation | undefined;
  onNotice(says: string): void;
}

/** The contents of runs as they are by now. */
export interface RunContents {
  /** Undefined when there is no such run. */
  of(run: string): Promise<RunReplica | undefined>;
  /** The same for lists of many runs: one that is damaged, or that only a newer version knows, is left out. */
  inList(run: string): Promise<RunReplica | undefined>;
  /** The content of the run that an actor belongs to. */
  withActor(actor: Address): Promise<RunReplica | undefined>;
  /** Has the run begun, and not ended? */
  isActive(run: string): Promise<boolean>;
}

/** Contents of the runs of a store. */
export function runContents({ store, reader, holderOf, onNotice }: RunContentsOptions): RunContents {
  /** Runs of which a notice was given. */
  const unreadable = new Set<string>();

  /** The content of a run by now; undefined when there is none. */
  async function of(run: string): Promise<RunReplica | undefined> {
    const incarnation = holderOf(run);
    const held = incarnation?.held.get(run);
    if (!incarnation || !held) return (await reader.read(run))?.replica;
    incarnation.use(run);
    try {
      return await held.replica();
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'fenced') throw thrown;
      // Another process has it by now.
      return (await reader.read(run))?.replica;
    }
  }

  /** The same for lists of many runs: one that is damaged, or that only a newer version knows, is left out, and the others are listed. */
  async function inList(run: string): Promise<RunReplica | undefined> {
    try {
      return await of(run);
    } catch (thrown) {
      if (!isUnreadable(thrown)) throw thrown;
      const { message } = toFailure(thrown);
      if (!unreadable.has(run)) onNotice(`The run ${run} is left out of lists, because it cannot be read. ${message}`);
      unreadable.add(run);
      return undefined;
    }
  }

  /** The content of the run that an actor belongs to: its key begins with the id of its run. */
  async function withActor(actor: Address): Promise<RunReplica | undefined> {
    const candidates = runsIn(actor);
    const ifInIt = async (run: string) => {
      const content = await of(run);
      return content?.contents.actors.has(actor) ? content : undefined;
    };
    for (const run of candidates) {
      const content = holderOf(run) && (await ifInIt(run));
      if (content) return content;
    }
    const others = candidates.filter((run) => holderOf(run) === undefined);
    const [only] = others;
    if (only !== undefined && others.length === 1) return ifInIt(only);
    const stored = await Promise.all(others.map(async (run) => (await store.runs.last(run)) && run));
    for (const run of stored) {
      const content = run === undefined ? undefined : await ifInIt(run);
      if (content) return content;
    }
    return undefined;
  }

  async function isActive(run: string): Promise<boolean> {
    try {
      const content = await of(run);
      return content !== undefined && content.contents.actors.size > 0 && !content.hasEnded;
    } catch (thrown) {
      // As far as is known: whoever wants to go on with it is told why that is not possible.
      if (isUnreadable(thrown)) return true;
      throw thrown;
    }
  }

  return { of, inList, withActor, isActive };
}

/** The runs that an actor with this address can belong to, the longest id first: its key is the id of the run, or begins with it and a dot. */
function runsIn(actor: Address): string[] {
  const parts = actorKeyOf(actor).split('.');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('.'));
}

/** Is it the run itself that cannot be read, and not the store? */
function isUnreadable(thrown: unknown): boolean {
  const { kind } = toFailure(thrown);
  return kind === 'corrupt' || kind === 'incompatible';
}
