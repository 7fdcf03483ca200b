/**
 * What one event causes inside its run, as one commit: the step of the actor that takes it, and the steps of others of the run that its messages and
 * its children reach at once.
 *
 * UN1 The steps of a unit are stored together or not at all. An actor that is busy, or not in memory, takes its message by itself afterwards.
 * UN2 Nothing that a step asks for happens before its unit is stored, except an eager effect, which changes nothing outside.
 * UN3 When a unit is refused, every actor in it is as it was before.
 * UN4 The result of an eager effect is a step of the unit when it comes within milliseconds. Otherwise it comes by itself, and the effect is performed once.
 */
import type { Commit } from '../contracts/commit.ts';
import type { OwnPending, PendingChild, PendingEffect, PendingMessage } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import type { Address } from '../values/ids.ts';
import type { PlannedCommit } from './actorState.ts';

/** An actor, and the run it belongs to. */
export interface RunActor {
  readonly address: Address;
  readonly run: string;
}

/** An actor that begins something. */
export interface ParentActor extends RunActor {
  readonly type: ActorType;
  /** Milliseconds since the epoch; a child inherits it. */
  readonly deadline: number | undefined;
}

/** One step of a unit. */
export interface UnitStep {
  /** The actor that takes it. */
  readonly actor: ParentActor;
  readonly plan: PlannedCommit;
  /** What the step closes. */
  readonly closed: readonly OwnPending[];
  /** Called when the unit is stored: what the step asks for happens, but for what `included` names. */
  finish(included: ReadonlySet<string>): void;
  /** Called when the unit is not stored: the actor is as it was before the step. */
  undo(): void;
}

/** Tries to take a message, or to start a child, within the unit; false when that has to wait until it is stored. */
export type Include = (unit: Unit, from: ParentActor, pending: PendingChild | PendingMessage) => boolean;

/** The most steps of one unit: what goes on longer gives the others their turn. */
const maxSteps = 64;

/** The steps that one event causes. */
export class Unit {
  readonly run: string;
  readonly #steps: UnitStep[] = [];
  /** Keys of messages and children that further steps of the unit take care of. */
  #included: Set<string> | undefined;
  /** So many steps were asked for what follows from them. */
  #extended = 0;
  /** Take no more of the unit: children that stop when it is stored, and recipients that must take an earlier message by themselves first. */
  #closed: Set<Address> | undefined;
  #waiting: (() => void)[] | undefined;
  #onUndo: (() => void)[] | undefined;
  #isSettled = false;

  constructor(run: string) {
    this.run = run;
  }

  get commits(): Commit[] {
    return this.#steps.map(({ plan }) => plan.commit);
  }

  get size(): number {
    return this.#steps.length;
  }

  add(step: UnitStep): void {
    this.#steps.push(step);
  }

  /** Takes the steps that follow from those that were added since, breadth first: what one actor sends to another is taken in its order. */
  extend(include: Include): void {
    for (; this.#extended < this.#steps.length; this.#extended++) {
      const step = this.#steps[this.#extended];
      for (const { kind, data } of step?.closed ?? [])
        if (kind === 'child') (this.#closed ??= new Set()).add(data.address);
      for (const pending of step?.plan.commit.opens ?? []) {
        if (this.#steps.length >= maxSteps) return;
        const isMessage = pending.kind === 'message';
        if (!isMessage && pending.kind !== 'child') continue;
        if (isMessage && this.#closed?.has(pending.data.to)) continue;
        if (step && include(this, step.actor, pending)) (this.#included ??= new Set()).add(pending.key);
        else if (isMessage) (this.#closed ??= new Set()).add(pending.data.to);
      }
    }
  }

  /** The first effect that an actor has opened in it and that is chosen; undefined when there is none, or the unit takes no more steps. */
  effectOf({ address }: RunActor, isChosen: (effect: PendingEffect) => boolean): PendingEffect | undefined {
    if (this.#steps.length >= maxSteps) return undefined;
    for (const { actor, plan } of this.#steps)
      if (actor.address === address)
        for (const pending of plan.commit.opens) if (pending.kind === 'effect' && isChosen(pending)) return pending;
    return undefined;
  }

  /** The unit is stored: each step is carried out, in order. */
  finish(): void {
    try {
      for (const step of this.#steps) step.finish(this.#included ?? nothing);
    } finally {
      this.settle();
    }
  }

  /** The unit is not stored: it has not happened. */
  undo(): void {
    for (const step of this.#steps.splice(0).reverse()) step.undo();
    for (const call of this.#onUndo ?? []) call();
    this.settle();
  }

  /** Calls when the unit is undone. */
  onUndo(call: () => void): void {
    (this.#onUndo ??= []).push(call);
  }

  /** Resolves when the unit is finished, undone or given up. Never rejects. */
  settled(): Promise<void> {
    return this.#isSettled ? Promise.resolve() : new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }

  /** Its actors go on. By itself it gives the unit up: this process no longer runs them. */
  settle(): void {
    this.#isSettled = true;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const resolve of waiting) resolve();
  }
}

const nothing: ReadonlySet<string> = new Set();
