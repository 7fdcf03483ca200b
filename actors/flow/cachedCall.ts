/** Results of checkpoints that are taken from earlier runs. */
import { createHash } from 'node:crypto';
import type { FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import { milliseconds } from '../../src/values/duration.ts';
import { inputHash } from './inputHash.ts';
import { asJson } from '../../src/values/json.ts';
import type { CheckpointToPerform } from './attemptCall.ts';
import type { FlowBody } from './flowBody.ts';

/** A result without an age of its own is kept for thirty days. Milliseconds. */
const defaultAge = 30 * 24 * 3_600_000;

/** Does a call take and keep results? What a function without an input closes over is not known: its results are only taken where it says so itself. */
export const usesCache = (run: FlowBody, { options: { cache }, hash }: CheckpointToPerform): boolean =>
  run.deps.cache !== undefined && (cache ?? (hash !== undefined && run.defaults.cache)) !== false;

/** The result that is kept for a call, or keeps a new one; for a call that `usesCache`. Undefined when there is none. */
export async function cachedCall(
  run: FlowBody,
  { call, options: { cache: own }, hash: input }: CheckpointToPerform,
  outcome?: FlowCallOutcome,
): Promise<FlowCallOutcome | undefined> {
  const { id, made } = call;
  const { name } = made;
  const { cache: store, flow } = run.deps;
  const cache = own ?? true;
  if (cache === false || !store) return undefined;
  const { version = '', maxAge = defaultAge } = cache === true ? {} : cache;
  const key = createHash('sha256')
    // A function that takes nothing is given what is around it: the input of the flow, and its place among the calls of its name.
    .update(JSON.stringify([flow.name, input === undefined ? id : name, version, input ?? inputHash(run.start.input)]))
    .digest('hex');
  const now = run.clock.now();
  if (outcome?.ok) await store.set(key, asJson(outcome), now, milliseconds(maxAge));
  if (outcome) return undefined;
  // What `set` was given.
  return (await store.get(key, now)) as FlowCallOutcome | undefined;
}
