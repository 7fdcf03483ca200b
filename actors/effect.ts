/** Fills a slot of a machine with an async function. The engine performs it once per key, outside of the step, and commits its outcome. */
import { requireOptions, type OptionNames } from '../src/values/options.ts';
import { fromPromise, type PromiseActorLogic } from 'xstate';
import type { Json } from '../src/values/json.ts';
import type { EffectOptions, EffectScope } from '../src/contracts/effect.ts';

/** What `effect` makes. The engine recognizes it by the property `effect`; it runs any other XState actor as it is. */
export interface Effect<Output, Input> extends PromiseActorLogic<Output, Input> {
  /** What the engine performs, set by `effect()`: the engine recognizes an effect by this property. */
  readonly effect: {
    /** The function that was given. Rejects with what it throws. */
    perform(input: Input, scope: EffectScope): Promise<Output>;
    /** How it may be repeated; a `read` that is tried once by default. */
    readonly options: EffectOptions<Input, Output>;
  };
}

/**
 * Makes an effect out of an async function, for a slot of a machine. The function must stop when `scope.signal` is aborted, and may pass `scope.key`
 * to the other side as its idempotency key. What it throws becomes the failure on the machine's `onError`. In a live XState actor, without the engine, it rejects.
 * @example machine.provide({ actors: { search: effect(({ q }, { signal }) => searchWeb(q, signal)) } })
 */
export function effect<Output, Input>(
  perform: (input: Input, scope: EffectScope) => Promise<Output>,
  options: EffectOptions<Input, Output> = {},
): Effect<Output, Input> {
  requireOptions('effect', options, effectOptionNames);
  const live = fromPromise<Output, Input>(() =>
    Promise.reject(new Error('This effect needs the engine: run it with run(machine(…)).')),
  );
  return Object.assign(live, { effect: { perform, options } });
}

/** The same effect, which every retry of a failed run performs again: what it gives depends on this process, or on the definition of today. */
export const anew = <Output, Input>(given: Effect<Output, Input>): Effect<Output, Input> =>
  withOptions(given, { anew: true });

/** The same effect; a retry of a failed run knows it again by what `sameStep` takes of its input. */
export const knownBy = <Output, Input>(
  given: Effect<Output, Input>,
  sameStep: (input: Input) => Json,
): Effect<Output, Input> => withOptions(given, { sameStep });

const withOptions = <Output, Input>(
  given: Effect<Output, Input>,
  more: EffectOptions<Input, Output>,
): Effect<Output, Input> => ({
  ...given,
  effect: { perform: given.effect.perform, options: { ...given.effect.options, ...more } },
});

const effectOptionNames: OptionNames<EffectOptions<never>> = {
  kind: true,
  eager: true,
  immutable: true,
  idempotent: true,
  sameStep: true,
  anew: true,
  failureIn: true,
  retry: true,
};
