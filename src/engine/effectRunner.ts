/** The running effects of one actor: started after the commit that asks for them, aborted when the actor closes them. */
import type { AnyActorLogic } from 'xstate';
import type { EffectScope, ListFold, Outcome } from '../contracts/effect.ts';
import { reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type { EffectData, PendingEffect } from '../contracts/pending.ts';
import type { ActiveTask } from './activity.ts';
import { checkpointsOf } from './checkpoints.ts';
import type { EngineContext } from './context.ts';
import { performEffect } from './effects.ts';
import { inContext } from './workContext.ts';
import type { HostedRun } from './hostedRun.ts';

/** The actor whose effects they are, and the logic that performs them. */
export interface EffectOwner {
  readonly actor: {
    readonly address: string;
    readonly run: string;
    readonly deadline: number | undefined;
    list(name: string): Promise<readonly Json[]>;
    fold<T>(name: string, fold: ListFold<T>): Promise<T>;
  };
  logic(source: string): AnyActorLogic;
}

/** One effect until its result is taken. */
interface RunningEffect {
  readonly abort: () => void;
  readonly task: ActiveTask;
  /** Its latest intermediate result. */
  soFar?: Json;
  /** It has an outcome, and nothing is left to stop. */
  isOver?: boolean;
}

/** The running effects of one actor. */
export class EffectRunner {
  readonly #context: EngineContext;
  readonly #run: HostedRun;
  readonly #owner: EffectOwner;
  readonly #running = new Map<string, RunningEffect>();
  /** Undefined until an effect is started. */
  #gone: AbortController | undefined;

  constructor(context: EngineContext, run: HostedRun, owner: EffectOwner) {
    this.#context = context;
    this.#run = run;
    this.#owner = owner;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Resolves with the outcome; with undefined when the effect was aborted, since its result is no longer wanted. It counts as running until `end`.
   * `firstKey`: the key under which it was performed in an earlier life of its run.
   */
  async start({ key, data }: PendingEffect, again: boolean, firstKey: string = key): Promise<Outcome | undefined> {
    const { clock, report, tracing } = this.#context;
    const { address: actor, run, deadline } = this.#owner.actor;
    const { src } = data;
    let take: ((thrown: unknown) => boolean) | undefined;
    const context = {
      run,
      actor,
      effect: src,
      fail: (thrown: unknown) => take?.(thrown) === true || this.#run.fail(strayError(nameOf(data), actor, thrown)),
    };
    const controller = new AbortController();
    const running: RunningEffect = {
      // Node throws what a listener of the signal throws into the context of whoever aborts: it is the error of the effect.
      abort: () => inContext(context, () => controller.abort()),
      task: this.#run.begin(),
    };
    this.#running.set(key, running);
    const { checkpoint, checkpoints } = checkpointsOf(this.#context, this.#run, { actor, key: firstKey, name: src });
    const common = { run, actor, key, name: src, again };
    report({ type: 'effect.started', at: clock.now(), ...common });
    const scope: EffectScope = {
      key: firstKey,
      actor,
      run,
      signal: controller.signal,
      // Neither a getter nor the members of another object: with these, the scope of each effect would have a hidden class of its own.
      gone: (this.#gone ??= new AbortController()).signal,
      deadline,
      clock,
      again,
      epoch: this.#run.isHere ? this.#run.epoch : 0,
      retries: this.#run.recall?.retries ?? 0,
      list: (name) => this.#owner.actor.list(name),
      listOf: (other, name) => this.#run.listOf(other, name),
      fold: (name, fold) => this.#owner.actor.fold(name, fold),
      checkpoint,
      checkpoints,
      soFar: (value) => void (controller.signal.aborted || (running.soFar = value)),
      progress: (note) => report({ type: 'progress', at: clock.now(), run, actor, key, note }),
      takeStrays: (taker) => void (take = taker),
      ...(tracing ? { traced: (part) => tracing.within({ run, actor, key }, part) } : {}),
    };
    const outcome = await inContext(context, () => {
      const perform = () => performEffect(this.#owner.logic(src), data, scope);
      return tracing ? tracing.around({ run, actor, key }, perform) : perform();
    });
    const at = clock.now();
    if (controller.signal.aborted) {
      report({ type: 'effect.stopped', at, ...common });
      return undefined;
    }
    running.isOver = true;
    report(
      outcome.ok
        ? { type: 'effect.done', at, ...common }
        : { type: 'effect.failed', at, ...common, failure: outcome.failure },
    );
    return outcome;
  }

  /** The effect is over, and its result was taken. */
  end(key: string): void {
    this.#forget(key);
  }

  stop(key: string): void {
    const running = this.#running.get(key);
    if (!running?.isOver) running?.abort();
    this.#forget(key);
  }

  soFar(key: string | undefined): Json | undefined {
    return this.#running.get(key ?? '')?.soFar;
  }

  #forget(key: string): void {
    const running = this.#running.get(key);
    this.#running.delete(key);
    running?.task[Symbol.dispose]();
  }

  /** The actor ends, is begun anew, or is not run by this process any more. */
  stopAll(): void {
    for (const key of this.#running.keys()) this.stop(key);
    const gone = this.#gone;
    this.#gone = undefined;
    // With a reason of its own: the one that Node makes records a stack.
    gone?.abort('The actor has left this process.');
  }
}

/** A tool by its own name; another effect by that of its slot. */
const nameOf = ({ src, input }: EffectData): string => {
  const { name } = propertiesOf(input);
  return typeof name === 'string' ? name : src;
};

const strayError = (effect: string, actor: string, thrown: unknown): TroupeError =>
  new TroupeError(
    'tool',
    `"${effect}" of ${actor} threw where nothing could catch it: ${reasonOf(thrown)}. Await every promise that it makes, and handle the errors of its timers and events.`,
    { cause: thrown, data: { stray: true, effect, actor } },
  );
