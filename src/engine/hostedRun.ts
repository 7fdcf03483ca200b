/** One run as this process runs it: how it stands, and what all of its actors share. */
import { defaultSupervision } from '../core/actorType.ts';
import { spawnInfoOf } from '../core/spawn.ts';
import { storedListName } from '../core/stepChange.ts';
import { Supervisor } from '../core/supervisor.ts';
import { toFailure, type Failure, type TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { ActiveTask, Activity } from './activity.ts';
import type { EngineContext } from './context.ts';
import type { Leases } from './lease.ts';
import type { Recall } from './recall.ts';
import { retryWrite } from './retryWrite.ts';

/** How a run stands in this process. */
export type RunState =
  /** Its lease is taken, and its root is being started or recovered. */
  | { readonly is: 'starting' }
  /** Its actors are there. */
  | { readonly is: 'ready' }
  /** It is being given back: effects may finish. */
  | { readonly is: 'draining' }
  /** This process does not run it any more. `why`: it could not go on here. */
  | { readonly is: 'ended'; readonly why?: Failure };

/** What a hosted run works with. */
export interface HostedRunParts {
  readonly context: EngineContext;
  readonly leases: Leases;
  readonly activity: Activity;
  /** Fires the timers that this process missed while it was suspended. A promise while the run catches up. */
  caughtUp(run: string): Promise<void> | undefined;
  /** Fails the root of a run. */
  fail(run: string, failure: Failure): boolean;
  /** An actor that is in memory. */
  actor(address: Address): { readonly state: ReadableActor } | undefined;
}

/** An actor whose lists can be read. */
interface ReadableActor {
  readonly run: string;
  /** The number of its last commit; 0 while there is none. */
  readonly seq: number;
  list(name: string): Promise<readonly Json[]>;
}

/** One run in this process. */
export class HostedRun {
  readonly id: string;
  /** The address of its root actor. */
  readonly root: Address;
  /** Supervises the root, which has no parent. */
  readonly supervisor = new Supervisor(defaultSupervision);
  state: RunState = { is: 'starting' };
  /** What a retried run keeps of its earlier lives; undefined for one that was never retried. */
  recall: Recall | undefined;
  /** Was it never claimed before, by this process or another? Then nothing was stored of it. */
  readonly isFirst: boolean;
  readonly #parts: HostedRunParts;
  #checkpoints = 0;
  /** How many actors of it were made in this process. */
  #made = 0;

  constructor(id: string, root: Address, parts: HostedRunParts, isFirst: boolean) {
    this.id = id;
    this.root = root;
    this.isFirst = isFirst;
    this.#parts = parts;
  }

  /** The epoch of its lease. Throws `fenced` when this process does not hold it. */
  get epoch(): number {
    return this.#parts.leases.epoch(this.id);
  }

  /** Has it had no other actor than its root? False where that is not known. */
  get hadRootOnly(): boolean {
    return this.isFirst && this.#made === 1;
  }

  /** An actor of it was made. */
  actorMade(): void {
    this.#made++;
  }

  /** Does this process hold its lease? */
  get isHere(): boolean {
    return this.#parts.leases.holds(this.id);
  }

  /** The number of the next checkpoint of an effect of the run; the first is 1. */
  nextCheckpoint(): number {
    return ++this.#checkpoints;
  }

  /** Something of it begins: until the result is disposed, the run does not rest. */
  begin(): ActiveTask {
    return this.#parts.activity.begin(this.id);
  }

  /** The entries of a list of any of its actors; none when it has no such actor. Waits while the journal cannot be read. */
  async listOf(address: Address, name: string): Promise<readonly Json[]> {
    const { context, leases, actor } = this.#parts;
    const { journal, clock, ending, stalls } = context;
    const there = actor(address)?.state;
    if (there && there.run === this.id && there.seq > 0) return there.list(name);
    const read = async () => {
      const [row] = await journal.find({ actor: address });
      return row?.run === this.id ? journal.list(address, storedListName(spawnInfoOf(row), name)) : [];
    };
    const gone = () => !leases.holds(this.id);
    return retryWrite(read, () => ({ clock, ending, gone, ...stalls.reportsOf(this.id, address) }));
  }

  /** Is it certain that no other process holds the lease by now? A process that was suspended must ask first. */
  get isLeaseCurrent(): boolean {
    return this.#parts.leases.isCurrent(this.id);
  }

  /** May something be started? False when another process holds the lease. Waits while the journal cannot tell. */
  async confirmLease(gone: () => boolean): Promise<boolean> {
    const { leases, context } = this.#parts;
    const { clock, ending } = context;
    const stalled = () => {}; // A commit that stalls is reported; this only follows one.
    const scope = () => ({ clock, ending, gone, stalled });
    return await retryWrite(() => leases.confirm(this.id), scope).catch(() => false);
  }

  /** Resolves when what was due while the process was suspended is taken; undefined when nothing is late. What comes now is taken afterwards. */
  caughtUp(): Promise<void> | undefined {
    return this.#parts.caughtUp(this.id);
  }

  /** Fails from its root, whatever it is doing; false when it is not here any more. */
  fail(error: TroupeError): boolean {
    return this.#parts.fail(this.id, toFailure(error));
  }
}
