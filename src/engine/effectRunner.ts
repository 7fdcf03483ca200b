/** The running effects of one actor: started after the commit that asks for them, aborted when the actor closes them. */
import type { AnyActorLogic } from 'xstate';
import type { EffectScope, Outcome } from '../contracts/effect.ts';
import type { Json } from '../values/json.ts';
import type { PendingEffect } from '../contracts/pending.ts';
import { performEffect } from './effects.ts';
import type { EngineContext } from './engineContext.ts';

/** The actor whose effects they are, and the logic that performs them. */
export interface EffectOwner {
  readonly actor: {
    readonly address: string;
    readonly run: string;
    readonly deadline: number | undefined;
    list(name: string): Promise<readonly Json[]>;
  };
  logic(source: string): AnyActorLogic;
}

/** The running effects of one actor. */
export class EffectRunner {
  readonly #context: EngineContext;
  readonly #owner: EffectOwner;
  readonly #running = new Map<string, AbortController>();
  readonly #soFar = new Map<string, Json>();

  constructor(context: EngineContext, owner: EffectOwner) {
    this.#context = context;
    this.#owner = owner;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Resolves with the outcome; with undefined when the effect was aborted, since its result is no longer wanted. */
  async start({ key, data }: PendingEffect, again: boolean): Promise<Outcome | undefined> {
    const { clock, report } = this.#context;
    const { address: actor, run, deadline } = this.#owner.actor;
    const { src } = data;
    const controller = new AbortController();
    this.#running.set(key, controller);
    const common = { run, actor, key, name: src, again };
    report({ type: 'effect.started', at: clock.now(), ...common });
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
      progress: (note) => report({ type: 'progress', at: clock.now(), run, actor, key, note }),
    };
    const outcome = await performEffect(this.#owner.logic(src), data, scope);
    if (this.#running.get(key) === controller) this.#forget(key);
    const at = clock.now();
    if (controller.signal.aborted) {
      report({ type: 'effect.stopped', at, ...common });
      return undefined;
    }
    report(
      outcome.ok
        ? { type: 'effect.done', at, ...common }
        : { type: 'effect.failed', at, ...common, failure: outcome.failure },
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
