/** Carries out a commit after it is stored: performs effects, sets timers, spawns children, sends messages. */
import type { AnyActorLogic } from 'xstate';
import type { Json } from '../values/json.ts';
import type { StoredActor } from '../contracts/commit.ts';
import type { Outcome } from '../contracts/effect.ts';
import type { OwnPending, Pending, PendingEffect } from '../contracts/pending.ts';
import { afterCommit } from './afterCommit.ts';
import { fromEffect, type Incoming } from '../core/incoming.ts';
import type { ActorHost } from './actorHost.ts';
import type { HostedRun } from './hostedRun.ts';
import type { LateTimer } from './catchUp.ts';
import { effectOptionsOf } from './effects.ts';
import { EffectRunner } from './effectRunner.ts';
import type { PlannedCommit, ActorState } from './actorState.ts';

/** Carries out the commits of one actor. */
export class Executor {
  readonly #host: ActorHost;
  readonly #run: HostedRun;
  readonly #enqueue: (incoming: Incoming) => void;
  readonly #state: ActorState;
  /** Undefined until an effect is started. */
  #effects: EffectRunner | undefined;
  /** Effects that were started before the commit that asks for them is stored, by key; undefined until there is one. */
  #eager: Map<string, Promise<Outcome | undefined>> | undefined;
  /** Effects that are started again once the run has caught up; undefined when there are none. */
  #held: PendingEffect[] | undefined;
  /** Results that wait until the run has caught up. */
  #arriving = 0;

  /** `enqueue` gives the actor the result of an effect. */
  constructor(host: ActorHost, run: HostedRun, state: ActorState, enqueue: (incoming: Incoming) => void) {
    this.#host = host;
    this.#run = run;
    this.#state = state;
    this.#enqueue = enqueue;
  }

  /** How many effects are running. */
  get running(): number {
    return this.#effects?.size ?? 0;
  }

  /** Called once the commit is stored: only then does anything happen (E2). `included`: what was taken care of in the same commit. */
  execute({ commit, builder }: PlannedCommit, included: ReadonlySet<string>): void {
    for (const pending of commit.opens) {
      // A later step of the same commit has closed it: it is not wanted, and was never begun.
      const isOver = pending.kind === 'effect' && !this.#state.pendings.has(pending.key);
      if (!isOver && !included.has(pending.key)) this.#begin(pending, false);
    }
    if (builder) afterCommit(builder, this.#host.context);
  }

  /** May this effect be started before the commit that asks for it is stored? Not in a run whose past is still being taken in. */
  isEager({ key, data }: PendingEffect): boolean {
    const run = this.#run;
    return (
      effectOptionsOf(this.#state.type, data.src)?.eager === true &&
      this.#eager?.has(key) !== true &&
      run.recall === undefined &&
      run.isLeaseCurrent &&
      run.caughtUp() === undefined
    );
  }

  /** Starts it; it is gone on with when the commit is stored. Resolves with its end; with undefined when it was stopped. */
  async startEager(pending: PendingEffect): Promise<Incoming | undefined> {
    const outcome = this.#runner.start(pending, false);
    (this.#eager ??= new Map()).set(pending.key, outcome);
    const known = await outcome;
    return known && fromEffect(pending, known, false);
  }

  /** Do effects or their results wait until the run has caught up? */
  get isHolding(): boolean {
    return this.#held !== undefined || this.#arriving > 0;
  }

  /**
   * After a crash: what is pending is started again under the same keys; what has a result in the ledger is not. Returns the timers that are late;
   * `startHeld` starts the effects.
   */
  resume(results: StoredActor['results']): LateTimer[] {
    const now = this.#host.context.clock.now();
    const late: LateTimer[] = [];
    for (const pending of this.#state.pendings) {
      const { key, kind } = pending;
      const result = results.get(key);
      if (kind === 'timer' && pending.due <= now) late.push({ address: this.#state.address, key, due: pending.due });
      else if (kind === 'timer') this.#begin(pending, true);
      else if (kind === 'effect' && result) this.#enqueue(fromEffect(pending, result, true));
      else if (kind === 'effect') (this.#held ??= []).push(pending);
    }
    return late;
  }

  /** Starts the effects that are still asked for. */
  startHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pending of held) if (this.#state.pendings.has(pending.key)) this.#begin(pending, true);
  }

  /** Stops what was closed: an effect is aborted, a timer cancelled, a child stopped. A late result finds nothing pending (E3). */
  cancel(pending: OwnPending): void {
    if (pending.kind !== 'effect') return this.#host.end(this.#state, pending);
    this.#eager?.delete(pending.key);
    this.#effects?.stop(pending.key);
  }

  /** The latest intermediate result of a running effect, by the child's id. */
  soFar(child: string): Json | undefined {
    return this.#effects?.soFar(this.#state.children.get(child));
  }

  stopEffects(): void {
    this.#eager?.clear();
    this.#effects?.stopAll();
  }

  /** Stops effects and timers without a commit or a message. */
  abandon(): void {
    this.#effects?.stopAll();
    for (const pending of this.#state.pendings) if (pending.kind === 'timer') this.#host.end(this.#state, pending);
  }

  #begin(pending: Pending, again: boolean): void {
    if (pending.kind === 'effect') void this.#perform(pending, again);
    else this.#host.begin(this.#state, pending);
  }

  async #after(behind: Promise<void>): Promise<void> {
    this.#arriving++;
    await behind;
    this.#arriving--;
  }

  async #mayBegin({ key }: PendingEffect): Promise<boolean> {
    const isGone = () => !this.#state.pendings.has(key);
    return (await this.#run.confirmLease(isGone)) && !isGone();
  }

  async #perform(pending: PendingEffect, again: boolean): Promise<void> {
    const { address } = this.#state;
    const known = this.#run.recall?.effect(address, pending, (name) => effectOptionsOf(this.#state.type, name));
    if (known && 'outcome' in known) return this.#enqueue(fromEffect(pending, known.outcome, false));
    // A process that was suspended after the commit may have lost the lease, and another one may have started this (E4).
    if (!this.#run.isLeaseCurrent) {
      using _ = this.#run.begin();
      if (!(await this.#mayBegin(pending))) return;
    }
    const effects = this.#runner;
    const eager = this.#eager?.get(pending.key);
    this.#eager?.delete(pending.key);
    const outcome = await (eager ?? effects.start(pending, again || known?.again === true, known?.key));
    const behind = this.#run.caughtUp();
    if (behind) await this.#after(behind);
    if (outcome) this.#enqueue(fromEffect(pending, outcome, false));
    // Only now: its actor is at work by now, or the run would seem to rest in between.
    effects.end(pending.key);
  }

  get #runner(): EffectRunner {
    const actor = this.#state;
    const logic = (source: string) => actor.type.chart.machine.implementations.actors[source] as AnyActorLogic;
    return (this.#effects ??= new EffectRunner(this.#host.context, this.#run, { actor, logic }));
  }
}
