/** One actor in memory: what comes in waits in its mailbox and is handled one after the other. */
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Restart } from '../contracts/restart.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { ActorRow, Commit, StoredActor } from '../contracts/commit.ts';
import type { OwnPending } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import type { SpawnInfo } from '../core/spawn.ts';
import { fromTimer, noSender, type Acknowledgement, type Incoming } from '../core/incoming.ts';
import { fromEnvelope } from '../core/validate.ts';
import { Executor } from './execute.ts';
import type { ActiveTask } from './activity.ts';
import type { ActorHost } from './actorHost.ts';
import type { HostedRun } from './hostedRun.ts';
import type { LateTimer } from './catchUp.ts';
import { Mailbox } from './mailbox.ts';
import { ActorState } from './actorState.ts';
import type { Unit } from './unit.ts';
import { Supervisor } from '../core/supervisor.ts';
import { toError, endedError, notRunningError } from '../core/rejections.ts';
import { Handler, type ActorCommand, type HandledActor } from './handle.ts';

/** What an actor is doing. */
type Phase =
  /** It is not loaded yet. `calls` are made once it is; until then its run does not rest. */
  | { readonly is: 'loading'; readonly calls: (() => void)[]; readonly task: ActiveTask }
  /** It waits for something to handle. */
  | { readonly is: 'idle' }
  /** It handles one thing after the other. */
  | { readonly is: 'working' }
  /** This process does not run it any more. */
  | { readonly is: 'abandoned' };

const [idle, working, abandoned] = [{ is: 'idle' }, { is: 'working' }, { is: 'abandoned' }] as const;

/** An actor in memory, with its mailbox. */
export class Actor implements HandledActor {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly supervisor: Supervisor;

  readonly #host: ActorHost;
  readonly #hostedRun: HostedRun;
  readonly state: ActorState;
  readonly #executor: Executor;
  readonly #handler: Handler;
  readonly #mailbox: Mailbox<Incoming>;
  #phase: Phase;
  #command: ActorCommand | undefined;
  #idleSince = 0;

  constructor(host: ActorHost, run: HostedRun, type: ActorType, address: Address) {
    this.#host = host;
    this.#hostedRun = run;
    this.type = type;
    this.address = address;
    this.run = run.id;
    this.supervisor = new Supervisor(type.supervise);
    this.state = new ActorState(host.context, run, type, address);
    this.#executor = new Executor(host, run, this.state, (incoming) => this.enqueue(incoming));
    this.#handler = new Handler(host, run, this.state, this.#executor, this);
    this.#mailbox = new Mailbox(address, type.mailbox);
    this.#phase = { is: 'loading', calls: [], task: run.begin() };
    run.actorMade();
  }

  get status(): ActorStatus {
    return this.state.status;
  }

  get parent(): Address | undefined {
    return this.state.parent;
  }

  get tags(): ReadonlySet<string> {
    return this.state.snapshot?.tags ?? new Set();
  }

  /** Does this process no longer run it? */
  get isGone(): boolean {
    return this.#phase.is === 'abandoned';
  }

  /** Is it doing something, or about to, without anything from outside? While it is, its run holds a task in the host's activity. */
  get #isBusy(): boolean {
    return this.isHandling || this.hasRunningEffects || this.#executor.isHolding;
  }

  /** Is it loading, or does it take a message, or has one to take? */
  get isHandling(): boolean {
    const { is } = this.#phase;
    return is === 'loading' || is === 'working' || this.#mailbox.size > 0;
  }

  /** Are effects of it running? */
  get hasRunningEffects(): boolean {
    return this.#executor.running > 0;
  }

  /** When the next timer is due, in milliseconds since the epoch. */
  get nextTimer(): number | undefined {
    return this.state.pendings.nextDue();
  }

  /** May it leave memory: it did nothing for `idle` milliseconds, and no timer is due soon? */
  mayPassivate(now: number, idle: number): boolean {
    if (
      this.#isBusy ||
      this.#command ||
      this.status !== 'active' ||
      now - this.#idleSince < idle ||
      !this.supervisor.hasNoRecentRestart(now)
    )
      return false;
    return (this.nextTimer ?? Infinity) - now > 10 * idle;
  }

  /** What it awaits, also while a step is being stored that no longer does: the step may be refused. */
  pending(key: string): OwnPending | undefined {
    return this.state.awaited(key);
  }

  /** Resolves when the step that is being stored now is stored or refused; undefined while there is none. */
  get storing(): Promise<void> | undefined {
    return this.#handler.storing;
  }

  /** Children in the order they were spawned. */
  childAddresses(): Address[] {
    return this.state.pendings.childAddresses();
  }

  /** Spawns the actor: the first step of its machine, and its commit. `kept`: the actor that had done the same in an earlier life of the run. `appends`: what its lists begin with. */
  start(spawnInfo: SpawnInfo, kept?: ActorRow, appends?: Commit['appends']): Promise<void> {
    this.state.begin(spawnInfo);
    const event = { id: `${this.address}/0`, type: 'xstate.init', body: spawnInfo.input };
    return this.#begin(() => (kept ? this.#handler.keep(kept, event) : this.#handler.start(event, [], appends)));
  }

  /** Spawns the actor as a further step of a unit. Throws when it must be spawned by itself. */
  startIn(unit: Unit, spawnInfo: SpawnInfo): void {
    this.state.begin(spawnInfo);
    this.supervisor.reset();
    this.#handler.startIn(unit, { id: `${this.address}/0`, type: 'xstate.init', body: spawnInfo.input });
    const loaded = this.#phase;
    void this.#work(() => this.#handler.join(unit));
    finishLoading(loaded);
  }

  /** Begins an actor that had ended again, from its first step. */
  reopen(stored: StoredActor, spawnInfo: SpawnInfo): Promise<void> {
    this.state.reopen(stored, spawnInfo);
    const id = `${this.address}/${stored.seq}/retry`;
    return this.#begin(() => this.#handler.start({ id, type: 'troupe.retry', body: spawnInfo.input }));
  }

  #begin(first: () => Promise<unknown>): Promise<void> {
    this.supervisor.reset();
    const loaded = this.#phase;
    const work = this.#work(first);
    finishLoading(loaded);
    return work;
  }

  /** Takes over what is stored, and does nothing yet. Throws `incompatible` or `corrupt`. */
  restore(stored: StoredActor): void {
    this.state.restore(stored);
    this.#idleSince = this.#host.context.clock.now();
  }

  /** Continues from what was restored; after a crash, with the results that are in the ledger. Returns the timers that are late. */
  resume(results?: StoredActor['results']): LateTimer[] {
    const late = results ? this.#executor.resume(results) : [];
    const loaded = this.#phase;
    if (loaded.is === 'loading') this.#phase = idle;
    finishLoading(loaded);
    this.#drain();
    return late;
  }

  /** Starts the effects again that were running before a crash. */
  startHeld(): void {
    this.#executor.startHeld();
  }

  /** Calls as soon as the actor is loaded; at once when it is. */
  whenLoaded(call: () => void): void {
    if (this.#phase.is === 'loading') this.#phase.calls.push(call);
    else call();
  }

  /** Takes a message in; one that does not fit the contract is rejected. */
  receive(envelope: Envelope, answer: Acknowledgement): void {
    this.whenLoaded(() => {
      try {
        this.enqueue(fromEnvelope(this.type, envelope, (key) => this.pending(key), answer));
      } catch (thrown) {
        answer.reject(toError(thrown));
      }
    });
  }

  /** Takes a message of the same run as a further step of a unit. False when it must come by itself: something else comes first, or it cannot be taken. */
  takeIn(unit: Unit, envelope: Envelope): boolean {
    const isIn = this.#handler.isIn(unit);
    const isFree = (this.#phase.is === 'idle' || isIn) && this.#mailbox.size === 0 && !this.#executor.isHolding;
    if (!isFree || this.#command || this.status !== 'active') return false;
    let incoming: Incoming;
    try {
      incoming = fromEnvelope(this.type, envelope, (key) => this.pending(key), noSender);
    } catch {
      return false; // It is delivered by itself, and refused.
    }
    if (!this.#handler.include(unit, incoming)) return false;
    if (!isIn) void this.#work(() => this.#handler.join(unit));
    return true;
  }

  /** Takes one thing to handle. Exactly one of its `acknowledge` and `reject` is called, now or later. */
  enqueue(incoming: Incoming): void {
    if (this.isGone) return incoming.reject(notRunningError(this.address));
    // Its end may be being stored, and be refused: what comes meanwhile waits for that.
    if (this.status !== 'active' && this.#phase.is !== 'working') return this.#rejectLate(incoming);
    this.#mailbox.enqueue(incoming);
    this.#drain();
  }

  /** A timer is due. */
  fireTimer(key: string): void {
    const pending = this.isGone ? undefined : this.pending(key);
    if (pending?.kind === 'timer') this.enqueue(fromTimer(pending, this.address));
  }

  stop(reason: string): void {
    this.#orderNext({ what: 'stop', reason });
  }

  /** It fails, whatever it is doing. */
  fail(failure: Failure): void {
    this.#orderNext({ what: 'fail', failure });
  }

  restart(by: Address, failure: Failure, record?: Restart): void {
    this.#orderNext({ what: 'restart', by, failure, ...(record ? { record } : {}) });
  }

  /** Stops everything and writes nothing to the journal: the process is ending, or another one holds the run's lease. */
  abandon(): void {
    const before = this.#phase;
    this.#phase = abandoned;
    this.#executor.abandon();
    for (const incoming of this.#mailbox.clear()) incoming.reject(notRunningError(this.address));
    finishLoading(before);
  }

  #orderNext(command: ActorCommand): void {
    // A stop is final.
    if (this.#command?.what === 'stop') return;
    this.#command = command;
    this.#executor.stopEffects();
    this.#drain();
  }

  #drain(): void {
    if (this.#phase.is === 'idle') void this.#work();
  }

  /** Everything an actor does, it does in here, one thing after the other. */
  async #work(first?: () => Promise<unknown>): Promise<void> {
    this.#phase = working;
    const task = this.#hostedRun.begin();
    try {
      if (first) await first();
      while (!this.isGone && this.status === 'active') {
        const command = this.#command;
        this.#command = undefined;
        if (command?.what === 'restart') this.supervisor.reset();
        const incoming = command ? undefined : this.#mailbox.dequeue();
        if (command) await this.#handler.execute(command);
        else if (incoming) await this.#handler.handle(incoming);
        else break;
      }
    } catch (thrown) {
      if (!this.isGone) this.#host.changed(this, { is: 'stuck', why: toFailure(thrown) });
    } finally {
      this.#rest(task);
    }
  }

  /** Its work is over for now. */
  #rest(task: ActiveTask): void {
    try {
      this.#idleSince = this.#host.context.clock.now();
      if (!this.isGone) {
        this.#phase = idle;
        if (this.status !== 'active') {
          for (const incoming of this.#mailbox.clear()) this.#rejectLate(incoming);
          this.#host.changed(this, { is: 'ended', ...(this.state.end ? { row: this.state.end } : {}) });
        }
      }
      this.#host.changed(this, { is: 'resting' });
    } finally {
      // Last: what the work has begun is under way by now, and what has ended has left.
      task[Symbol.dispose]();
    }
  }

  /** What comes next in the mailbox, from 0; nothing when a command goes before it. */
  peek(at: number): Incoming | undefined {
    return this.#command ? undefined : this.#mailbox.peek(at);
  }

  /** Takes so many out of the mailbox: they are handled. */
  remove(count: number): void {
    for (let nth = 0; nth < count; nth++) this.#mailbox.dequeue();
  }

  #rejectLate(incoming: Incoming): void {
    if (incoming.isInternal) incoming.acknowledge();
    else incoming.reject(endedError(this.address, this.status));
  }
}

/** Makes the calls that waited for the actor to be loaded. */
function finishLoading(phase: Phase): void {
  if (phase.is !== 'loading') return;
  for (const call of phase.calls) call();
  phase.task[Symbol.dispose]();
}
