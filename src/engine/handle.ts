/**
 * Handles one message or command of an actor, from the step to what follows from its commit.
 *
 * The order in `#handle` is the engine: stale? → step → one commit → answer the sender → act. Reordering any two of them breaks E1, E2 or E5.
 */
import { fromFailure, toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { asJson, isJsonObject } from '../values/json.ts';
import { restarts, type Restart } from '../contracts/restart.ts';
import { deadlineEvent } from '../core/spawn.ts';
import { seenOf, type Change } from '../core/toCommit.ts';
import { causeOf, type Delivery } from '../core/incoming.ts';
import { late } from '../core/validate.ts';
import { wasHandled } from './duplicates.ts';
import type { Errands } from './execute.ts';
import type { Host } from './host.ts';
import { farewell } from '../core/systemMessages.ts';
import { stamped, type Circumstances } from '../core/eventContext.ts';
import { untilStored } from './retryWrite.ts';
import type { Plan, Self } from './actorState.ts';
import { isStale } from '../core/stale.ts';
import { beyond, noted } from '../core/supervisor.ts';
import { asError, burial, gone, isLoss, meaningless, overdue } from '../core/rejections.ts';

/** What a supervisor or a parent orders an actor to do. */
export type Command =
  | { readonly what: 'stop'; readonly reason: string }
  /** `kept` only for the actor that failed: the restart its supervisor counts. */
  | { readonly what: 'restart'; readonly by: Address; readonly failure: Failure; readonly kept?: Restart };

/** Handles the messages and commands of one actor. */
export class Turns {
  readonly #host: Host;
  readonly #state: Self;
  readonly #executor: Errands;
  readonly #isGone: () => boolean;

  /** `isGone` is true when this process no longer runs the actor. */
  constructor(host: Host, state: Self, executor: Errands, isGone: () => boolean) {
    this.#host = host;
    this.#state = state;
    this.#executor = executor;
    this.#isGone = isGone;
  }

  /** Starts from the beginning; everything in `ends` is closed. */
  async start(event: Change['event'], ends: readonly string[] = [], restart?: Restart): Promise<void> {
    let plan: Plan;
    try {
      plan = this.#state.step(
        this.#state.type.chart.initial(stamped(this.#state.birth.input, this.#host.clock)),
        undefined,
        event,
        {},
        ends,
        restart && [keptRestart(restart)],
      );
    } catch (thrown) {
      return this.#endInFailure(toFailure(thrown), event);
    }
    await this.#storeAndAct(plan);
  }

  async obey(command: Command): Promise<void> {
    const { clock, tell } = this.#host;
    const { address, run, snapshot, seq, pendings } = this.#state;
    const closes = pendings.endingWith([]);
    if (command.what === 'stop') {
      const event = { id: `${address}/stop`, type: 'troupe.stop', body: command.reason };
      return this.#storeAndAct(this.#state.plan({ snapshot, status: 'stopped', event, closes }));
    }
    const { by, failure, kept: restart } = command;
    tell({ type: 'restarted', at: clock.now(), run, actor: address, by, how: 'fresh', failure });
    this.#state.beginsAnew();
    await this.start(
      { id: `${address}/${seq}/restart`, type: 'troupe.restart', body: asJson({ failure }) },
      closes,
      restart,
    );
  }

  /** Rejects when this process can do nothing more for the actor; the sender has been told. */
  async take(incoming: Delivery): Promise<void> {
    try {
      await this.#handle(incoming);
    } catch (thrown) {
      incoming.refuse(asError(thrown));
      throw thrown;
    }
  }

  async #handle(incoming: Delivery): Promise<void> {
    if (isStale(incoming, (key) => this.#state.pendings.has(key))) return incoming.done();
    const now = this.#host.clock.now();
    const { deadline } = incoming;
    if (deadline !== undefined && deadline < now)
      return incoming.refuse(late(this.#state.address, incoming.event.type, deadline, now));
    if (incoming.event.type === deadlineEvent && incoming.own && !this.#state.type.endsByDeadline)
      return this.#endInFailure(overdue(this.#state.birth.deadline ?? now), causeOf(incoming));
    let plan: Plan | undefined;
    let stored: boolean;
    try {
      plan = this.#plan(incoming);
      if (!plan) return await this.#unhandled(incoming);
      stored = await this.#store(plan);
    } catch (thrown) {
      return this.#stepFailed(incoming, toFailure(thrown));
    }
    if (!stored) return void (await this.#answerIfHandled(incoming));
    incoming.done();
    this.#executor.run(plan);
  }

  /** Undefined when no transition handles the message in this state. Throws what the machine throws. */
  #plan(incoming: Delivery): Plan | undefined {
    const { chart } = this.#state.type;
    const { snapshot: before, address } = this.#state;
    if (!before) throw new TroupeError('internal', `${address} has not begun.`);
    const step = chart.step(before, stamped(incoming.event, this.#host.clock, this.#detailsOf(incoming)));
    if (incoming.own) return this.#state.step(step, before, causeOf(incoming), incoming);
    if (step[0] === before && step[1].length === 0 && chart.ignores(before, incoming.event)) return undefined;
    return this.#state.step(step, before, { ...causeOf(incoming), inbox: true }, incoming);
  }

  #detailsOf({ id, from, own }: Delivery): Circumstances {
    const { deadline } = this.#state;
    return {
      ...(deadline === undefined ? {} : { deadline }),
      ...(own || from === undefined ? {} : { message: { id, from } }),
      soFar: (child) => this.#executor.soFar(child),
    };
  }

  /** One commit; then the actor is what it says. False when the message was handled before. */
  async #store(plan: Plan): Promise<boolean> {
    const { journal, tell } = this.#host;
    const { commit, change } = plan;
    try {
      await this.#retry(() => journal.commit(commit));
    } catch (thrown) {
      const { data } = toFailure(thrown);
      if (isJsonObject(data) && data.duplicate) return false;
      throw thrown;
    }
    if (this.#isGone()) throw gone(this.#state.address);
    for (const over of this.#state.adopt(plan)) this.#executor.end(over);
    tell(seenOf(commit, change.snapshot?.value, change.failure));
    return true;
  }

  async #storeAndAct(plan: Plan): Promise<void> {
    await this.#store(plan);
    this.#executor.run(plan);
  }

  #retry<T>(write: () => Promise<T>): Promise<T> {
    const { clock, ending, tell } = this.#host;
    const { run, address: actor } = this.#state;
    const stalled = (failure: Failure) => tell({ type: 'stalled', at: clock.now(), run, actor, failure });
    return untilStored(write, { clock, ending, gone: this.#isGone, stalled });
  }

  /** The step failed. The actor is what it was at the last commit; its supervisor decides what follows. */
  async #stepFailed(incoming: Delivery, failure: Failure): Promise<void> {
    if (isLoss(failure)) throw fromFailure(failure);
    if (!incoming.own && (await this.#answerIfHandled(incoming))) return;
    const { journal, clock } = this.#host;
    const { run, address, parent: by = 'system' } = this.#state;
    const { result } = incoming;
    if (result) await this.#retry(() => journal.record(run, this.#host.epoch(run), address, clock.now(), result));
    const verdict = await this.#host.judge(this.#state, failure, !incoming.own);
    const restart = (how: Restart['how']) =>
      verdict.policy && noted(verdict.policy, { at: this.#host.clock.now(), by, how, failure });
    if (verdict.escalate) await this.#endInFailure(beyond(failure, verdict), causeOf(incoming));
    else if (verdict.who.length === 0) return incoming.refuse(gone(address));
    else if (verdict.restart === 'fresh')
      for (const who of verdict.who)
        this.#host.restart(who, by, failure, who === address ? restart('fresh') : undefined);
    else await this.#deadLetter(incoming, failure, by, restart('resume'));
    incoming.refuse(fromFailure(failure));
  }

  async #deadLetter(incoming: Delivery, failure: Failure, by: string, restart?: Restart): Promise<void> {
    const { clock, tell } = this.#host;
    const { run, address } = this.#state;
    const { appends = [], ...change } = burial(this.#state, incoming, failure, clock.now());
    const all = restart ? [...appends, keptRestart(restart)] : appends;
    await this.#storeAndAct(this.#state.plan({ ...change, appends: all }));
    const { id, event, from = address } = incoming;
    this.#host.dead(run, address, { id, type: event.type, from }, failure);
    tell({ type: 'restarted', at: clock.now(), run, actor: address, by, how: 'resume', failure });
  }

  async #unhandled(incoming: Delivery): Promise<void> {
    if (!(await this.#answerIfHandled(incoming))) incoming.refuse(meaningless(this.#state, incoming));
  }

  /** Was it handled before? Then the sender has its answer now. */
  async #answerIfHandled({ id, body, ask, done, refuse }: Delivery): Promise<boolean> {
    const { journal, courier } = this.#host;
    const message = { id, body, asker: ask?.from };
    try {
      const handled = await this.#retry(() =>
        wasHandled(journal, this.#state.address, message, (reply) => courier.send(reply)),
      );
      if (handled) done(true);
      return handled;
    } catch (thrown) {
      refuse(asError(thrown));
      return true;
    }
  }

  /** The actor fails: its children stop, its parent is told. */
  async #endInFailure(failure: Failure, event: Change['event']): Promise<void> {
    if (isLoss(failure)) throw fromFailure(failure);
    const { snapshot, pendings, birth } = this.#state;
    const opens = farewell(birth, this.#state.key(0), { error: failure });
    await this.#storeAndAct(
      this.#state.plan({ snapshot, status: 'failed', event, opens, closes: pendings.endingWith([]), failure }),
    );
  }
}

const keptRestart = (restart: Restart) => ({ list: restarts, entry: asJson(restart) });
