/** The calls that another one was told to wait for with `after`. */
import type { CallOptions, FlowFuture } from '../../src/flow/context.ts';
import { describeValue } from '../../src/values/explain.ts';
import { TroupeError } from '../../src/values/failure.ts';

/** What a call waits for. */
export interface WaitedFor {
  /** The ids of the calls; undefined when it waits for none. */
  readonly ids: readonly string[] | undefined;
  /** Resolves when they have ended, however that was. */
  ended(): Promise<unknown>;
}

const atOnce = Promise.resolve();
const nothing: WaitedFor = { ids: undefined, ended: () => atOnce };

/** Reads `after`. Throws `definition` for what `submit` has not given. */
export function waitedFor(what: string, after: CallOptions['after']): WaitedFor {
  if (after === undefined) return nothing;
  const futures: readonly unknown[] = Array.isArray(after) ? after : [after];
  const calls = futures.map((future) => {
    if (isFuture(future)) return future;
    throw new TroupeError(
      'definition',
      `\`after\` takes what ctx.submit has given, or a list of that; ${what} was given ${describeValue(future)}.`,
    );
  });
  return {
    ids: calls.map(({ id }) => id),
    ended: () => Promise.allSettled(calls.map((call) => call.result())),
  };
}

const isFuture = (value: unknown): value is FlowFuture<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'result' in value &&
  typeof value.result === 'function';
