/** The running effects of one actor: started after the commit that asks for them, aborted when the actor closes them. */
import type { AnyActorLogic } from 'xstate';
import type { EffectScope, Outcome } from '../contracts/effect.ts';
import type { Json } from '../values/json.ts';
import type { PendingEffect } from '../contracts/pending.ts';
import { perform } from './effects.ts';
import type { Surroundings } from './engineContext.ts';

/** The actor whose effects they are, and the logic that performs them. */
export interface Owner {
  readonly actor: {
    readonly address: string;
    readonly run: string;
    readonly deadline: number | undefined;
    list(name: string): Promise<readonly Json[]>;
  };
  logic(source: string): AnyActorLogic;
}

/** The running effects of one actor. */
export class Runner {
  readonly #context: Surroundings;
  readonly #owner: Owner;
  readonly #running = new Map<string, AbortController>();
  readonly #soFar = new Map<string, Json>();

  constructor(context: Surroundings, owner: Owner) {
    this.#context = context;
    this.#owner = owner;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Resolves with the outcome; with undefined when the effect was aborted, since its result is no longer wanted. */
  async start({ key, data }: PendingEffect, again: boolean): Promise<Outcome | undefined> {
    const { clock, tell } = this.#context;
    const { address: actor, run, deadline } = this.#owner.actor;
    const { src } = data;
    const controller = new AbortController();
    this.#running.set(key, controller);
    const facts = { run, actor, key, name: src, again };
    tell({ type: 'effect.started', at: clock.now(), ...facts });
    const scope: EffectScope = {
      key,
      actor,
      run,
      signal: controller.signal,
      deadline,
      clock,
      again,
      list: (name) => this.#owner.actor.list(name),
      soFar: (value) => void (controller.signal.aborted || this.#soFar.set(key, value)),
      progress: (note) => tell({ type: 'progress', at: clock.now(), run, actor, key, note }),
    };
    const outcome = await perform(this.#owner.logic(src), data, scope);
    if (this.#running.get(key) === controller) this.#forget(key);
    const at = clock.now();
    if (controller.signal.aborted) {
      tell({ type: 'effect.stopped', at, ...facts });
      return undefined;
    }
    tell(
      outcome.ok
        ? { type: 'effect.done', at, ...facts }
        : { type: 'effect.failed', at, ...facts, failure: outcome.failure },
    );
    return outcome;
  }

  stop(key: string): void {
    this.#running.get(key)?.abort();
    this.#forget(key);
  }

  soFar(key: string | undefined): Json | undefined {
    return this.#soFar.get(key ?? '');
  }

  #forget(key: string): void {
    this.#running.delete(key);
    this.#soFar.delete(key);
  }

  stopAll(): void {
    for (const key of this.#running.keys()) this.stop(key);
  }
}
