/**
 * Handles one message or command of an actor, from the step to what follows from its commit.
 *
 * The order in `#handle` is the engine: stale? → step → one commit → answer the sender → act. Reordering any two of them breaks E1, E2 or E5.
 */
import type { ActorRow, Commit } from '../contracts/commit.ts';
import type { Restart } from '../contracts/restart.ts';
import { commitEventOf, type Incoming } from '../core/incoming.ts';
import { mustStopHere, notRunningError, runDeadlineFailure, toError } from '../core/rejections.ts';
import { deadlineEvent } from '../core/spawn.ts';
import { isStale } from '../core/stale.ts';
import { commitInspection, type StateChange } from '../core/toCommit.ts';
import { expiredError } from '../core/validate.ts';
import { toFailure, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { asJson } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type { ActorHost } from './actorHost.ts';
import type { ActorState, PlannedCommit } from './actorState.ts';
import { EagerEffects } from './eagerEffects.ts';
import type { Executor } from './execute.ts';
import { FailedSteps, restartEntry } from './failedSteps.ts';
import type { HostedRun } from './hostedRun.ts';
import { CommitPlanner } from './commitPlanner.ts';
import { retryWrite } from './retryWrite.ts';
import { Unit } from './unit.ts';

/** What a supervisor or a parent orders an actor to do. */
export type ActorCommand =
  | { readonly what: 'stop'; readonly reason: string }
  | { readonly what: 'fail'; readonly failure: Failure }
  /** `record`: the restart that the supervisor counts; only for the actor that failed. */
  | { readonly what: 'restart'; readonly by: Address; readonly failure: Failure; readonly record?: Restart };

/** What the handler asks of its actor: is it here, and what waits in its mailbox? */
export interface HandledActor {
  /** True when this process no longer runs it. */
  readonly isGone: boolean;
  /** What comes next, from 0; undefined when there is no more, or something else comes first. */
  peek(at: number): Incoming | undefined;
  /** Takes so many out: they are handled. */
  remove(count: number): void;
}

/** How many ends that wait are taken at once: what goes on longer gives the others their turn. */
const mostTogether = 31;

/** Handles the messages and commands of one actor. */
export class Handler {
  readonly #host: ActorHost;
  readonly #run: HostedRun;
  readonly #state: ActorState;
  readonly #executor: Executor;
  readonly #actor: HandledActor;
  readonly #planner: CommitPlanner;
  /** Made when the actor has some. */
  #eager: EagerEffects | undefined;
  #failedSteps: FailedSteps | undefined;
  /** What is being stored, with a step of this actor in it. */
  #unit: Unit | undefined;

  constructor(host: ActorHost, run: HostedRun, state: ActorState, executor: Executor, actor: HandledActor) {
    this.#host = host;
    this.#run = run;
    this.#state = state;
    this.#executor = executor;
    this.#actor = actor;
    this.#planner = new CommitPlanner(host, state, executor);
  }

  /** Starts from the beginning; everything in `ends` is closed, and `appends` are added to its lists. */
  start(event: StateChange['event'], ends: readonly string[] = [], appends: Commit['appends'] = []): Promise<unknown> {
    return this.#commit(this.#planner.start(event, ends, appends));
  }

  /** Starts as a further step of a unit. Throws when it cannot be started there. */
  startIn(unit: Unit, event: StateChange['event']): void {
    this.#add(unit, this.#planner.start(event));
  }

  /** Ends as another actor did that had done the same before. */
  keep(row: ActorRow, event: StateChange['event']): Promise<unknown> {
    return this.#commit(this.#state.planKept(row, event));
  }

  async execute(command: ActorCommand): Promise<void> {
    const { clock, report } = this.#host.context;
    const { address, run, snapshot, seq, pendings } = this.#state;
    const closes = pendings.keysEndingWith([]);
    if (command.what === 'stop') {
      const event = { id: `${address}/stop`, type: 'troupe.stop', body: command.reason };
      return void (await this.#commit(this.#state.plan({ snapshot, status: 'stopped', event, closes })));
    }
    if (command.what === 'fail') {
      const { failure } = command;
      return this.#endInFailure(failure, {
        id: `${address}/${seq}/fail`,
        type: 'troupe.fail',
        body: asJson({ failure }),
      });
    }
    const { by, failure, record } = command;
    report({ type: 'restarted', at: clock.now(), run, actor: address, by, how: 'fresh', failure });
    this.#state.startOver();
    await this.start(
      { id: `${address}/${seq}/restart`, type: 'troupe.restart', body: asJson({ failure }) },
      closes,
      record ? [restartEntry(record)] : [],
    );
  }

  /** Handles one message, or one end of what the actor started; with it further ends that wait, in one unit. Rejects when this process cannot run the actor any more; the sender has its error. */
  handle(incoming: Incoming): Promise<void> {
    return this.#handle(incoming).catch((thrown: unknown) => {
      incoming.reject(toError(thrown));
      throw thrown;
    });
  }

  async #handle(incoming: Incoming): Promise<void> {
    if (isStale(incoming, (key) => this.#state.pendings.has(key))) return incoming.acknowledge();
    const now = this.#host.context.clock.now();
    const { deadline } = incoming;
    if (deadline !== undefined && deadline < now)
      return incoming.reject(expiredError(this.#state.address, incoming.event.type, deadline, now));
    if (incoming.event.type === deadlineEvent && incoming.isInternal && !this.#state.type.endsByDeadline)
      return this.#endInFailure(runDeadlineFailure(this.#state.spawnInfo.deadline ?? now), commitEventOf(incoming));
    let stored: boolean;
    try {
      const plan = this.#planner.message(incoming);
      if (!plan) return await this.#failed.unhandled(incoming);
      stored = await this.#commit(plan, incoming);
    } catch (thrown) {
      return this.#failed.failed(incoming, toFailure(thrown));
    }
    if (!stored) await this.#failed.answerIfHandled(incoming);
  }

  /** Takes a message of the same run as a further step of a unit: its commit settles the message, unless its sender is `answered`. False when it needs a commit of its own. */
  include(unit: Unit, incoming: Incoming, answered?: Incoming): boolean {
    const { deadline } = incoming;
    if (isStale(incoming, (key) => this.#state.pendings.has(key))) return false;
    if (deadline !== undefined && deadline < this.#host.context.clock.now()) return false;
    let plan: PlannedCommit | undefined;
    try {
      plan = this.#planner.message(incoming, answered ? [] : [incoming.id]);
    } catch {
      return false; // It is taken again by itself, and its failure is handled.
    }
    if (plan) this.#add(unit, plan, answered);
    return plan !== undefined;
  }

  /** Stores the step with all that follows from it in the run; then it happens. False when the message was handled before. */
  async #commit(plan: PlannedCommit, incoming?: Incoming, mayExtend = true): Promise<boolean> {
    const { journal, clock, stalls } = this.#host.context;
    const unit = new Unit(this.#state.run);
    this.#unit = unit;
    this.#add(unit, plan, incoming);
    let taken = 0;
    if (mayExtend && journal.commitAll) {
      if (incoming) taken = this.#addWaiting(unit);
      unit.extend(this.#host.include);
      const eager = this.#eagerEffects.addTo(unit);
      if (eager) await eager;
    }
    const { commits } = unit;
    try {
      const turn = journal.givesTurns ? undefined : clock.turn?.();
      if (turn) await turn;
      await this.#retry(() =>
        commits.length > 1 && journal.commitAll ? journal.commitAll(commits) : journal.commit(plan.commit),
      );
    } catch (thrown) {
      unit.undo();
      this.#unit = undefined;
      const failure = toFailure(thrown);
      const { duplicate, id } = propertiesOf(failure.data);
      const isDuplicate = duplicate === true;
      if (mustStopHere(failure) && !isDuplicate) throw thrown;
      stalls.reportsOf(this.#state.run, this.#state.address).continued(); // The journal has answered.
      const isAlone = commits.length === 1;
      if (isDuplicate && (isAlone || id === plan.commit.event.id)) return false;
      // What another actor of the run would store may be the reason: that is its own affair.
      if (isAlone) throw thrown;
      return this.#commit(plan, incoming, false);
    }
    this.#unit = undefined;
    if (this.#actor.isGone) {
      unit.settle();
      throw notRunningError(this.#state.address);
    }
    if (taken > 0) this.#actor.remove(taken);
    unit.finish();
    return true;
  }

  /** What the actor started itself and that ends meanwhile: each end is a step of the unit. Returns how many. */
  #addWaiting(unit: Unit): number {
    for (let taken = 0; ; taken++) {
      const next = taken < mostTogether && this.#state.status === 'active' ? this.#actor.peek(taken) : undefined;
      if (!next?.isInternal || next.forward || next.event.type === deadlineEvent) return taken;
      if (!this.include(unit, next, next)) return taken;
    }
  }

  /** The step becomes part of a unit: the actor is what it will be once that is stored. */
  #add(unit: Unit, plan: PlannedCommit, incoming?: Incoming): void {
    const { closed, undo } = this.#state.apply(plan);
    unit.add({
      actor: this.#state,
      plan,
      closed,
      undo,
      finish: (included) => {
        const { commit, change } = plan;
        this.#state.stored(plan);
        for (const pending of closed) this.#executor.cancel(pending);
        this.#host.context.report(commitInspection(commit, change.snapshot?.value, change.failure));
        incoming?.acknowledge();
        // What a run begins while it is given back would only be broken off: whoever runs it next begins it.
        if (this.#run.state.is !== 'draining' || commit.status !== 'active') this.#executor.execute(plan, included);
      },
    });
  }

  /** Is a step of the actor part of this unit? */
  isIn(unit: Unit): boolean {
    return this.#unit === unit;
  }

  /** Resolves when the step that is being stored now is stored or refused; undefined while there is none. */
  get storing(): Promise<void> | undefined {
    return this.#unit?.settled();
  }

  /** The actor takes part in a unit of another one. Resolves when it goes on by itself. */
  async join(unit: Unit): Promise<void> {
    this.#unit = unit;
    await unit.settled();
    this.#unit = undefined;
  }

  #retry<T>(write: () => Promise<T>): Promise<T> {
    return retryWrite(write, () => {
      const { clock, ending, stalls } = this.#host.context;
      const { run, address } = this.#state;
      return { clock, ending, gone: () => this.#actor.isGone, ...stalls.reportsOf(run, address) };
    });
  }

  /** The actor fails: its children stop, its parent is told. */
  async #endInFailure(failure: Failure, event: StateChange['event']): Promise<void> {
    await this.#commit(this.#planner.failure(failure, event));
  }

  get #eagerEffects(): EagerEffects {
    return (this.#eager ??= new EagerEffects({
      host: this.#host,
      state: this.#state,
      executor: this.#executor,
      include: (unit, incoming) => this.include(unit, incoming, incoming),
    }));
  }

  get #failed(): FailedSteps {
    return (this.#failedSteps ??= new FailedSteps({
      host: this.#host,
      run: this.#run,
      state: this.#state,
      retry: (use) => this.#retry(use),
      commit: (plan) => this.#commit(plan),
      endInFailure: (failure, event) => this.#endInFailure(failure, event),
    }));
  }
}
