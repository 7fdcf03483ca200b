/**
 * A call of an agent framework as a checkpoint of the flow that it runs in.
 *
 * AD1 A call whose end is recorded is not performed again: the framework is given what it was given before, also what failed.
 * AD2 Inside a checkpoint of the user, nothing is recorded beside it: the call is performed, and facts about it are metadata of that checkpoint.
 * AD3 What is captured never changes what is recorded, and a capture that fails never fails the call.
 */
import { currentCheckpoint } from '../../actors/flow/flowScope.ts';
import { checkpoint, requireCheckpointOptions } from '../flow/checkpoint.ts';
import type { CheckpointCall, CheckpointOptions } from '../flow/checkpointOptions.ts';
import type { FlowContext } from '../flow/context.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { saveCaptured, type Captured } from './capture.ts';
import { countedName } from './countedName.ts';
import { identityOf, storable } from './storable.ts';

/** How the calls of one kind are recorded: these options of a checkpoint. Every field may be left out. */
export type SavePointOptions = Pick<CheckpointOptions, 'retries' | 'timeout' | 'type' | 'cache' | 'effect'>;

const savePointOptionNames: OptionNames<SavePointOptions> = {
  retries: true,
  timeout: true,
  type: true,
  cache: true,
  effect: true,
};

/** Checks options. Throws `definition` for one that there is not, or that cannot be used. */
export function requireSavePoint(what: string, options: SavePointOptions | false | undefined): void {
  if (options === false || options === undefined) return;
  requireOptions(what, options, savePointOptionNames);
  requireCheckpointOptions(what, options);
}

/** A call of a framework. */
export interface FrameworkCall<T> {
  /** The name of the checkpoint. */
  readonly name: string;
  readonly options: SavePointOptions;
  /** What identifies it beside its name: a body that gives it something else has diverged. */
  readonly given: unknown;
  /** Performs it. What it gives must be a value that can be stored; what cannot is stored in the nearest form. */
  run(call: Pick<CheckpointCall, 'signal' | 'key'>): Promise<T>;
  /** Facts about the call, for its metadata: under `llm_calls`, `tool_calls` … */
  facts?(result: T): JsonObject;
  /** What is saved beside it. `isRecorded`: its result is that of a checkpoint, and need not be saved a second time. */
  captured?(result: T, isRecorded: boolean): readonly Captured[];
}

/** Is the present code inside a checkpoint that is recorded as a whole? */
export const isInsideCheckpoint = (): boolean => {
  const at = currentCheckpoint();
  return at !== undefined && at.scope === undefined;
};

/** Performs a call as a checkpoint, or as a part of the one that it is made in. */
export async function recordedCall<T>(ctx: FlowContext, call: FrameworkCall<T>): Promise<T> {
  const at = isInsideCheckpoint() ? currentCheckpoint() : undefined;
  if (at) {
    const name = countedName(at, call.name);
    const result = await call.run({ signal: at.signal, key: `${at.id}/${name}` });
    await describe(ctx, call, { name, result, isRecorded: false });
    return result;
  }
  const durable = checkpoint(call.name, call.options, async (_: Json, { id, signal, key }) => {
    const result = await call.run({ signal, key });
    await describe(ctx, call, { name: id, result, isRecorded: true });
    const { value, note } = storable(result);
    if (note !== undefined) ctx.log({ stored_as: note });
    return value;
  });
  // What `run` gives, as it was recorded.
  return (await ctx.checkpoint(durable, identityOf(call.given))) as T;
}

/** Says what is known about a call that has succeeded. */
async function describe<T>(
  ctx: FlowContext,
  { facts, captured }: FrameworkCall<T>,
  { name, result, isRecorded }: { readonly name: string; readonly result: T; readonly isRecorded: boolean },
): Promise<void> {
  try {
    const known = facts?.(result) ?? {};
    ctx.log(
      Object.fromEntries(Object.entries(known).map(([kind, about]): [string, Json] => [kind, { [name]: about }])),
    );
    await saveCaptured(ctx, name, captured?.(result, isRecorded) ?? []);
  } catch {
    // Facts are for people; the call has succeeded.
  }
}
