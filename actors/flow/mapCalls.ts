/** `ctx.map` and `ctx.product`: one checkpoint for many items, so many at once. */
import { requireOneOf } from '../../src/flow/checkpoint.ts';
import { requireConcurrency } from '../../src/flow/flow.ts';
import type { DurableCheckpoint } from '../../src/flow/context.ts';
import type { FlowContext, FlowItemResult, MapOptions } from '../../src/flow/context.ts';
import { toFailure, TroupeError } from '../../src/values/failure.ts';
import { describeValue } from '../../src/values/explain.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';
import type { CheckpointCalls } from './checkpointCalls.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import { isNonCancellable } from './flowScope.ts';

const mapOptionNames: OptionNames<MapOptions> = { concurrency: true, onFailure: true };

/** The parts of a context for many items. */
export function mapCalls(run: FlowBody, checkpoints: CheckpointCalls) {
  async function map<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    items: Iterable<Input>,
    options: MapOptions = {},
  ): Promise<Output[] | FlowItemResult<Output>[]> {
    requireOptions(`ctx.map("${checkpoint.name}")`, options, mapOptionNames);
    const { concurrency = 100, onFailure = 'stop' } = options;
    requireConcurrency(`ctx.map("${checkpoint.name}")`, concurrency);
    requireOneOf(`ctx.map("${checkpoint.name}")`, 'onFailure', onFailure, ['stop', 'collect']);
    run.life.requireRunning(isNonCancellable(run));
    requireIterable(`ctx.map("${checkpoint.name}")`, items);
    const iterator = items[Symbol.iterator]();
    const results: FlowItemResult<Output>[] = [];
    const underway = new Set<FlowCall>();
    let count = 0;
    let isExhausted = false;
    let failed: { readonly error: unknown } | undefined;

    async function workOn(): Promise<void> {
      for (;;) {
        if (failed) return;
        const { done, value } = iterator.next();
        if (done) return void (isExhausted = true);
        const at = count++;
        const call = checkpoints.reusable(checkpoint, value);
        underway.add(call);
        try {
          // Its type is that of the checkpoint.
          results[at] = { ok: true, value: (await call.promise) as Output };
        } catch (error) {
          results[at] = { ok: false, failure: toFailure(error) };
          if (onFailure === 'stop') return stop(error);
        } finally {
          underway.delete(call);
        }
      }
    }

    function workers(): Promise<void>[] {
      const all: Promise<void>[] = [];
      while (all.length < concurrency && !isExhausted) all.push(workOn().catch(stop));
      return all;
    }

    function stop(error: unknown): void {
      if (failed) return;
      failed = { error };
      const reason = new TroupeError('cancelled', 'Another item has failed.');
      stopped(error);
      for (const call of underway) call.stop(reason);
    }

    // Those under way when one fails are told to stop, and not waited for.
    let stopped: (error: unknown) => void = () => {};
    const failure = new Promise<never>((_, reject) => (stopped = reject));
    failure.catch(() => {});
    await Promise.race([failure, Promise.all(workers())]);
    return onFailure === 'collect' ? results : results.map((result) => valueOf(result));
  }

  const product = <Input extends object, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    values: { readonly [Key in keyof Input]: readonly Input[Key][] },
    options?: MapOptions,
  ) => map(checkpoint, combinations(`ctx.product("${checkpoint.name}")`, values), options);

  return { map, product } satisfies Record<keyof Pick<FlowContext, 'map' | 'product'>, unknown>;
}

const valueOf = <Output>(result: FlowItemResult<Output>): Output => {
  if (result.ok) return result.value;
  throw new TroupeError('internal', 'An item failed and was counted as done.');
};

/** Every combination of one value each, the last one changing first. */
function combinations<Input extends object>(
  what: string,
  values: { readonly [Key in keyof Input]: readonly Input[Key][] },
): Iterable<Input> {
  if (typeof values !== 'object' || values === null)
    throw new TroupeError(
      'definition',
      `${what} takes an object of lists, such as { size: [1, 2] }, and was given ${describeValue(values)}.`,
    );
  // The keys of an object of this type.
  const keys = Object.keys(values) as (keyof Input & string)[];
  // Each is gone through once for all combinations, so that a set or a generator will do.
  const lists = keys.map((key) => {
    requireIterable(what, values[key], ` as "${key}"`);
    return [...values[key]];
  });
  return picks(keys, lists);
}

function* picks<Input extends object>(
  keys: readonly (keyof Input)[],
  lists: readonly (readonly unknown[])[],
): Generator<Input> {
  const total = lists.reduce((product, { length }) => product * length, 1);
  for (let nth = 0; nth < total; nth++) {
    let rest = nth;
    const picked = lists.toReversed().map((list) => {
      const value = list[rest % list.length];
      rest = Math.floor(rest / list.length);
      return value;
    });
    // One value of each list, under its key.
    yield Object.fromEntries(keys.map((key, i) => [key, picked[keys.length - 1 - i]])) as Input;
  }
}

/** From JavaScript anything may come. Throws `definition` for what is no list. */
function requireIterable(what: string, items: unknown, where = ''): void {
  // A text can be gone through as well, and is never meant so.
  if (typeof items === 'object' && items !== null && Symbol.iterator in items) return;
  throw new TroupeError(
    'definition',
    `${what} takes a list of items, such as an array, and was given ${describeValue(items)}${where}.`,
  );
}
