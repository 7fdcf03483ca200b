/** A checkpoint: a part of a flow that is performed once and whose result is recorded. */
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { milliseconds } from '../values/duration.ts';
import { nearestName, requireOptions, type OptionNames } from '../values/options.ts';
import type { CheckpointCall, CheckpointOptions, CheckpointRetries } from './checkpointOptions.ts';
import type { DurableCheckpoint, FlowContext } from './context.ts';
import { scopeError } from './flowErrors.ts';

/**
 * Makes a checkpoint that several flows can use. What it is given is part of what identifies a call: a body that gives it something else than is recorded has diverged.
 * @example const fetchPage = checkpoint('fetch', { retries: 2 }, async (url: string, { signal }) => (await fetch(url, { signal })).text())
 */
export function checkpoint<Input, Output>(
  name: string,
  run: (input: Input, call: CheckpointCall) => Output | Promise<Output>,
): DurableCheckpoint<Input, Output>;
export function checkpoint<Input, Output>(
  name: string,
  options: CheckpointOptions,
  run: (input: Input, call: CheckpointCall) => Output | Promise<Output>,
): DurableCheckpoint<Input, Output>;
export function checkpoint<Input, Output>(
  name: string,
  second: CheckpointOptions | DurableCheckpoint<Input, Output>['run'],
  third?: DurableCheckpoint<Input, Output>['run'],
): DurableCheckpoint<Input, Output> {
  const [options, run] = typeof second === 'function' ? [{}, second] : [second, third];
  requireCallName('A checkpoint', name);
  if (typeof run !== 'function')
    throw new TroupeError(
      'definition',
      `The checkpoint "${name}" needs a function: checkpoint(name, async (input) => …).`,
    );
  const durable: DurableCheckpoint<Input, Output> = {
    kind: 'checkpoint',
    name,
    options: requireCheckpointOptions(name, options),
    run,
    call: (ctx, input, given) => inFlow(name, ctx).checkpoint(durable, input, given),
    submit: (ctx, input, given) => inFlow(name, ctx).submit(durable, input, given),
    map: (ctx, items, given) => inFlow(name, ctx).map(durable, items, given),
    mapAll: (ctx, items, given) => inFlow(name, ctx).map(durable, items, { ...given, onFailure: 'collect' }),
  };
  return durable;
}

/** The context that a checkpoint is called with. Throws `scope` for anything else, such as the input of a call that is made outside of a flow. */
function inFlow(name: string, ctx: unknown): FlowContext {
  if (typeof ctx === 'object' && ctx !== null && 'executionId' in ctx && 'checkpoint' in ctx) return ctx as FlowContext;
  throw scopeError(
    `The checkpoint "${name}"`,
    'was called without the context of a flow',
    `Call it in the body of a flow: flow(…, async (ctx) => checkpoint.call(ctx, input)).`,
  );
}

/** The names of the options of a checkpoint. */
export const checkpointOptionNames: OptionNames<CheckpointOptions> = {
  retries: true,
  timeout: true,
  type: true,
  cache: true,
  effect: true,
  nested: true,
  runtime: true,
  output: true,
};

/** Checks the options of a checkpoint. Throws `definition`. */
export function requireCheckpointOptions(name: string, options: CheckpointOptions): CheckpointOptions {
  const what = `checkpoint "${name}"`;
  requireOptions(what, options, checkpointOptionNames);
  const { retries, timeout, runtime, effect, cache } = options;
  requireRetries(what, retries);
  if (timeout !== undefined) milliseconds(timeout);
  if (typeof cache === 'object') {
    requireOptions(`the cache of ${what}`, cache, cacheOptionNames);
    if (cache.maxAge !== undefined) milliseconds(cache.maxAge);
  }
  if (options.nested && retries)
    throw new TroupeError(
      'definition',
      `${what} is nested: it cannot have retries of its own; give them to the calls inside.`,
    );
  requireOneOf(what, 'runtime', runtime, ['inline', 'isolated']);
  requireOneOf(what, 'effect', effect, ['repeat', 'write']);
  return options;
}

const retryOptionNames: OptionNames<CheckpointRetries> = { times: true, backoff: true, longest: true, on: true };
const cacheOptionNames: OptionNames<Exclude<CheckpointOptions['cache'], boolean | undefined>> = {
  version: true,
  maxAge: true,
};

/** Checks retries: a number, or how they are made. Throws `definition`. */
export function requireRetries(what: string, retries: CheckpointOptions['retries']): void {
  if (typeof retries !== 'object' || retries === null) return requireTimes(what, retries);
  const { times, backoff, longest, on } = retries;
  requireOptions(`the retries of ${what}`, retries, retryOptionNames);
  requireTimes(what, times);
  if (backoff !== undefined) milliseconds(backoff);
  if (longest !== undefined) milliseconds(longest);
  if (on === undefined || typeof on === 'function') return;
  throw new TroupeError(
    'definition',
    `\`on\` of the retries of ${what} must be a function of a failure; got ${describeValue(on)}.`,
  );
}

function requireTimes(what: string, times: unknown): void {
  if (times === undefined || (Number.isSafeInteger(times) && (times as number) >= 0)) return;
  throw new TroupeError(
    'definition',
    `The retries of ${what} must be a whole number >= 0; got ${describeValue(times)}.`,
  );
}

/** Checks an option that has a few words as its values. Throws `definition`. */
export function requireOneOf(what: string, option: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  const meant = typeof value === 'string' ? nearestName(value, allowed) : undefined;
  throw new TroupeError(
    'definition',
    `${option} of ${what} is one of ${allowed.join(', ')}; got ${typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : describeValue(value)}${meant === undefined ? '.' : `; did you mean "${meant}"?`}`,
  );
}

/** Checks the name of a call or of a flow. Throws `definition`. */
export function requireCallName(what: string, name: unknown): void {
  if (typeof name !== 'string' || name.trim() === '' || name.length > 200)
    throw new TroupeError('definition', `${what} needs a name of at most 200 characters; got ${JSON.stringify(name)}.`);
  const problem = nameProblem(name);
  if (problem !== undefined)
    throw new TroupeError('definition', `${what} cannot have the name ${JSON.stringify(name)}: ${problem}.`);
}

/** Why a text cannot name anything that is addressed over HTTP, printed in lines and stored; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return 'in the address of a request it would be a step, and not a name';
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'it has a control character, or half of a surrogate pair';
  return undefined;
}
