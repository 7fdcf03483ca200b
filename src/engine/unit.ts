/**
 * What one event causes inside its run, as one commit: the step of the actor that takes it, and the steps of others of the run that its messages and
 * its children reach at once.
 *
 * UN1 The steps of a unit are stored together or not at all. An actor that is busy, or not in memory, takes its message by itself afterwards.
 * UN2 Nothing that a step asks for happens before its unit is stored.
 * UN3 When a unit is refused, every actor in it is as it was before.
 */
import type { Commit } from '../contracts/commit.ts';
import type { OwnPending, PendingChild, PendingMessage } from '../contracts/pending.ts';
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

  /** Takes the steps that follow, breadth first: what one actor sends to another is taken in its order. */
  extend(include: Include): void {
    /** Take no more of the unit: children that stop when it is stored, and recipients that must take an earlier message by themselves first. */
    let closed: Set<Address> | undefined;
    for (const { actor, plan, closed: ended } of this.#steps) {
      for (const { kind, data } of ended) if (kind === 'child') (closed ??= new Set()).add(data.address);
      for (const pending of plan.commit.opens) {
        if (this.#steps.length >= maxSteps) return;
        const isMessage = pending.kind === 'message';
        if (!isMessage && pending.kind !== 'child') continue;
        if (isMessage && closed?.has(pending.data.to)) continue;
        if (include(this, actor, pending)) (this.#included ??= new Set()).add(pending.key);
        else if (isMessage) (closed ??= new Set()).add(pending.data.to);
      }
    }
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
