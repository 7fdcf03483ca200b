/** Fills a slot: a function that the engine performs once per key, and that a live XState actor can run as well. */
import { fromPromise, type PromiseActorLogic } from 'xstate';
import type { EffectOptions, EffectScope } from '../src/contracts/effect.ts';

/** What the engine looks for in a slot; an XState actor of any other origin is run as it is. */
export interface Effect<Output, Input> extends PromiseActorLogic<Output, Input> {
  readonly effect: {
    perform(input: Input, scope: EffectScope): Promise<Output>;
    readonly options: EffectOptions<Input>;
  };
}

/**
 * Makes an effect out of an async function. It must stop when `scope.signal` fires.
 * @example machine.provide({ actors: { search: effect(({ q }, { signal }) => searchWeb(q, signal)) } })
 */
export function effect<Output, Input>(
  perform: (input: Input, scope: EffectScope) => Promise<Output>,
  options: EffectOptions<Input> = {},
): Effect<Output, Input> {
  const live = fromPromise<Output, Input>(() =>
    Promise.reject(new Error('This effect needs the engine: run it with run(machine(…)).')),
  );
  return Object.assign(live, { effect: { perform, options } });
}
