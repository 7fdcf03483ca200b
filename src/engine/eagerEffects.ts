/** The results of eager effects as steps of the unit that asks for them (UN4). */
import type { PendingEffect } from '../contracts/pending.ts';
import type { Incoming } from '../core/incoming.ts';
import { toError } from '../core/rejections.ts';
import type { Clock } from '../values/clock.ts';
import type { ActorHost } from './actorHost.ts';
import type { ActorState } from './actorState.ts';
import type { Executor } from './execute.ts';
import type { Unit } from './unit.ts';

/** So many milliseconds a unit waits for the results of eager effects. */
const longest = 5;

/** What they need of the actor that asks for them. */
export interface EagerParts {
  readonly host: ActorHost;
  readonly state: ActorState;
  readonly executor: Executor;
  /** Takes a result as a further step of a unit; false when it needs a commit of its own. */
  include(unit: Unit, incoming: Incoming): boolean;
}

/** The eager effects of one actor. */
export class EagerEffects {
  readonly #parts: EagerParts;

  constructor(parts: EagerParts) {
    this.#parts = parts;
  }

  /** Starts those that the unit opens, one after the other, as long as their results come in time. Undefined when it opens none. */
  addTo(unit: Unit): Promise<void> | undefined {
    const first = this.#next(unit);
    return first && this.#addFrom(first, unit);
  }

  async #addFrom(first: PendingEffect, unit: Unit): Promise<void> {
    const until = this.#parts.host.context.clock.now() + longest;
    for (let next: PendingEffect | undefined = first; next; next = this.#next(unit))
      if (!(await this.#add(unit, next, until))) return;
  }

  /** One that the unit opens, and that is not begun yet. */
  #next(unit: Unit): PendingEffect | undefined {
    const { state, executor } = this.#parts;
    return unit.effectOf(state, (pending) => state.pendings.has(pending.key) && executor.isEager(pending));
  }

  /** What an eager effect gives until then is a step of the unit, with all that follows from it. False when it comes by itself, once the unit is stored. */
  async #add(unit: Unit, pending: PendingEffect, until: number): Promise<boolean> {
    const { host, state, executor, include } = this.#parts;
    state.readAhead();
    unit.onUndo(() => executor.cancel(pending));
    const incoming = await withinTime(executor.startEager(pending), until, host.context.clock);
    if (!incoming || !include(unit, incoming)) return false;
    unit.extend(host.include);
    return true;
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
