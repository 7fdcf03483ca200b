/**
 * Handles one message or command of an actor, from the step to what follows from its commit.
 *
 * The order in `#handle` is the engine: stale? → step → one commit → answer the sender → act. Reordering any two of them breaks E1, E2 or E5.
 */
import type { Envelope } from '../contracts/envelope.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Clock } from '../values/clock.ts';
import { asJson } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import { restartList, type Restart } from '../contracts/restart.ts';
import { deadlineEvent } from '../core/spawn.ts';
import type { ActorRow, Commit } from '../contracts/commit.ts';
import type { PendingEffect } from '../contracts/pending.ts';
import { commitInspection, type StateChange } from '../core/toCommit.ts';
import { commitEventOf, type Incoming } from '../core/incoming.ts';
import { expiredError } from '../core/validate.ts';
import { wasHandled } from './duplicates.ts';
import type { Executor } from './execute.ts';
import type { ActorHost } from './actorHost.ts';
import type { HostedRun } from './hostedRun.ts';
import { endMessageFor, signalEnvelope, toPendingMessage } from '../core/systemMessages.ts';
import { withEventContext, type EventContext } from '../contracts/eventContext.ts';
import { retryWrite } from './retryWrite.ts';
import { Unit } from './unit.ts';
import type { PlannedCommit, ActorState } from './actorState.ts';
import { isStale } from '../core/stale.ts';
import { escalatedFailure, restartRecord } from '../core/supervisor.ts';
import {
  toError,
  deadLetterChange,
  notRunningError,
  mustStopHere,
  unhandledError,
  runDeadlineFailure,
} from '../core/rejections.ts';

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

/** So many milliseconds a unit waits for the results of eager effects. */
const eagerTime = 5;

/** How many ends that wait are taken at once: what goes on longer gives the others their turn. */
const mostTogether = 31;

/** Handles the messages and commands of one actor. */
export class Handler {
  readonly #host: ActorHost;
  readonly #run: HostedRun;
  readonly #state: ActorState;
  readonly #executor: Executor;
  readonly #actor: HandledActor;
  /** What is being stored, with a step of this actor in it. */
  #unit: Unit | undefined;

  constructor(host: ActorHost, run: HostedRun, state: ActorState, executor: Executor, actor: HandledActor) {
    this.#host = host;
    this.#run = run;
    this.#state = state;
    this.#executor = executor;
    this.#actor = actor;
  }

  /** Starts from the beginning; everything in `ends` is closed, and `appends` are added to its lists. */
  async start(
    event: StateChange['event'],
    ends: readonly string[] = [],
    appends: Commit['appends'] = [],
  ): Promise<void> {
    await this.#commit(this.#planStart(event, ends, appends));
  }

  /** Starts as a further step of a unit. Throws when it cannot be started there. */
  startIn(unit: Unit, event: StateChange['event']): void {
    this.#add(unit, this.#planStart(event));
  }

  /** Ends as another actor did that had done the same before. */
  async keep(row: ActorRow, event: StateChange['event']): Promise<void> {
    await this.#commit(this.#state.planKept(row, event));
  }

  #planStart(
    event: StateChange['event'],
    ends: readonly string[] = [],
    appends: Commit['appends'] = [],
  ): PlannedCommit {
    const { chart } = this.#state.type;
    try {
      const first = chart.initial(withEventContext(this.#state.spawnInfo.input, this.#timeAndChance()));
      return this.#state.step(first, undefined, { event, ends, appends });
    } catch (thrown) {
      return this.#planFailure(toFailure(thrown), event);
    }
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
  async handle(incoming: Incoming): Promise<void> {
    try {
      await this.#handle(incoming);
    } catch (thrown) {
      incoming.reject(toError(thrown));
      throw thrown;
    }
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
      const plan = this.#plan(incoming);
      if (!plan) return await this.#unhandled(incoming);
      stored = await this.#commit(plan, incoming);
    } catch (thrown) {
      return this.#stepFailed(incoming, toFailure(thrown));
    }
    if (!stored) await this.#answerIfHandled(incoming);
  }

  /** Takes a message of the same run as a further step of a unit: its commit settles the message, unless its sender is `answered`. False when it needs a commit of its own. */
  include(unit: Unit, incoming: Incoming, answered?: Incoming): boolean {
    const { deadline } = incoming;
    if (isStale(incoming, (key) => this.#state.pendings.has(key))) return false;
    if (deadline !== undefined && deadline < this.#host.context.clock.now()) return false;
    let plan: PlannedCommit | undefined;
    try {
      plan = this.#plan(incoming, answered ? [] : [incoming.id]);
    } catch {
      return false; // It is taken again by itself, and its failure is handled.
    }
    if (plan) this.#add(unit, plan, answered);
    return plan !== undefined;
  }

  /** Undefined when no transition handles the message in this state. Throws what the machine throws. */
  #plan(incoming: Incoming, ends: readonly string[] = []): PlannedCommit | undefined {
    const { chart } = this.#state.type;
    const { snapshot: before, address } = this.#state;
    if (!before) throw new TroupeError('internal', `${address} has not begun.`);
    if (incoming.forward) return this.#planForward(incoming, incoming.forward);
    const step = chart.step(before, withEventContext(incoming.event, this.#contextOf(incoming)));
    const { settles, result } = incoming;
    const event = commitEventOf(incoming);
    if (incoming.isInternal) return this.#state.step(step, before, { event, settles, result, ends });
    if (step[0] === before && step[1].length === 0 && chart.ignores(before, incoming.event)) return undefined;
    return this.#state.step(step, before, { event: { ...event, inbox: true }, settles, result, ends });
  }

  /** A delayed message is due: one commit ends the timer and opens the message, so that a crash neither loses nor doubles it (E2, E5). */
  #planForward(incoming: Incoming, { to, event }: NonNullable<Incoming['forward']>): PlannedCommit {
    const { address, run, snapshot } = this.#state;
    const message = toPendingMessage(signalEnvelope(this.#state.key(0), address, to, run, event, incoming.id));
    const closes = incoming.settles === undefined ? [] : [incoming.settles];
    return this.#state.plan({
      snapshot,
      status: 'active',
      event: commitEventOf(incoming),
      opens: [message],
      closes,
      running: this.#state.children,
    });
  }

  #contextOf({ id, from, isInternal }: Incoming): EventContext {
    return {
      ...this.#timeAndChance(),
      deadline: this.#state.deadline,
      message: isInternal || from === undefined ? undefined : { id, from },
      soFar: (child) => this.#executor.soFar(child),
    };
  }

  #timeAndChance(): EventContext {
    const { clock } = this.#host.context;
    return { at: clock.now(), actor: this.#state.address, chance: () => clock.random() };
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
      const until = clock.now() + eagerTime;
      for (let next = this.#nextEager(unit); next; next = this.#nextEager(unit))
        if (!(await this.#addEager(unit, next, until))) break;
    }
    const { commits } = unit;
    try {
      const turn = clock.turn?.();
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

  /** An eager effect that the unit opens, and that is not begun yet. */
  #nextEager(unit: Unit): PendingEffect | undefined {
    return unit.effectOf(
      this.#state,
      (pending) => this.#state.pendings.has(pending.key) && this.#executor.isEager(pending),
    );
  }

  /** What an eager effect gives until then is a step of the unit, with all that follows from it. False when it comes by itself, once the unit is stored. */
  async #addEager(unit: Unit, pending: PendingEffect, until: number): Promise<boolean> {
    this.#state.readAhead();
    unit.onUndo(() => this.#executor.cancel(pending));
    const incoming = await withinTime(this.#executor.startEager(pending), until, this.#host.context.clock);
    if (!incoming || !this.include(unit, incoming, incoming)) return false;
    unit.extend(this.#host.include);
    return true;
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

  /** The step failed. The actor is what it was at the last commit; its supervisor decides what follows. */
  async #stepFailed(incoming: Incoming, failure: Failure): Promise<void> {
    if (mustStopHere(failure)) throw fromFailure(failure);
    if (!incoming.isInternal && (await this.#answerIfHandled(incoming))) return;
    const { journal, clock } = this.#host.context;
    const { run, address, parent: by = 'system' } = this.#state;
    const { result } = incoming;
    if (result) await this.#retry(() => journal.record(run, this.#run.epoch, address, clock.now(), result));
    const decision = await this.#host.supervise(this.#state, failure, !incoming.isInternal);
    const { policy } = decision;
    if (decision.escalate) await this.#endInFailure(escalatedFailure(failure, decision), commitEventOf(incoming));
    else if (decision.who.length === 0) return incoming.reject(notRunningError(address));
    else if (decision.restart === 'resume')
      await this.#deadLetter(
        incoming,
        failure,
        by,
        policy && restartRecord(policy, { at: clock.now(), by, how: 'resume', failure }),
      );
    incoming.reject(fromFailure(failure));
  }

  async #deadLetter(incoming: Incoming, failure: Failure, by: string, restart?: Restart): Promise<void> {
    const { clock, report } = this.#host.context;
    const { run, address } = this.#state;
    const { appends = [], ...change } = deadLetterChange(this.#state, incoming, failure, clock.now());
    const all = restart ? [...appends, restartEntry(restart)] : appends;
    await this.#commit(this.#state.plan({ ...change, appends: all, running: this.#state.children }));
    const { id, event, from = address } = incoming;
    const at = clock.now();
    report({ type: 'dead', at, run, actor: address, message: { id, type: event.type, from }, failure });
    report({ type: 'restarted', at, run, actor: address, by, how: 'resume', failure });
  }

  async #unhandled(incoming: Incoming): Promise<void> {
    if (!(await this.#answerIfHandled(incoming))) incoming.reject(unhandledError(this.#state, incoming));
  }

  /** Was it handled before? Then the sender has its answer now. */
  async #answerIfHandled({ id, body, ask, acknowledge, reject }: Incoming): Promise<boolean> {
    const { journal } = this.#host.context;
    const message = { id, body, asker: ask?.from };
    const answer = (reply: Envelope) => this.#host.begin(this.#state, toPendingMessage(reply));
    try {
      const handled = await this.#retry(() => wasHandled(journal, this.#state.address, message, answer));
      if (handled) acknowledge(true);
      return handled;
    } catch (thrown) {
      reject(toError(thrown));
      return true;
    }
  }

  /** The actor fails: its children stop, its parent is told. */
  async #endInFailure(failure: Failure, event: StateChange['event']): Promise<void> {
    await this.#commit(this.#planFailure(failure, event));
  }

  /** Throws a failure that is not the actor's own. */
  #planFailure(failure: Failure, event: StateChange['event']): PlannedCommit {
    if (mustStopHere(failure)) throw fromFailure(failure);
    const { snapshot, pendings, spawnInfo } = this.#state;
    const opens = endMessageFor(spawnInfo, this.#state.key(0), { error: failure });
    const closes = pendings.keysEndingWith([]);
    return this.#state.plan({ snapshot, status: 'failed', event, opens, closes, failure });
  }
}

/** What a promise resolves to, if it does until then; undefined otherwise. */
function withinTime<T>(result: Promise<T>, until: number, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.wake(until, () => resolve(undefined));
    const stop = () => timer[Symbol.dispose]();
    result.then(
      (value) => (stop(), resolve(value)),
      (thrown: unknown) => (stop(), reject(toError(thrown))),
    );
  });
}

const restartEntry = (restart: Restart) => ({ list: restartList, entry: asJson(restart) });
