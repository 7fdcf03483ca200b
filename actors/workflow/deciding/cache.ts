/** Steps with `cache`: a result of the same step with the same input is taken again for a while. */
import type { StepDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { StepEnd, StepRecord } from '../../../src/contracts/workflow/step.ts';
import type { StepCache } from '../../../src/contracts/workflow/stepCache.ts';
import { isJsonObject, type Json } from '../../../src/values/json.ts';
import type { Soon } from '../../../src/values/soon.ts';
import type { StepStart } from '../../../machines/workflow/effectTypes.ts';
import { callHash } from '../../hash.ts';
import { stepStart } from './dispatch.ts';
import type { Known } from './known.ts';

/** The result of an earlier run, for a step that may take it; `now` in milliseconds since 1970. */
export function cached(
  cache: StepCache | undefined,
  step: StepDefinition,
  start: StepStart,
  known: Known,
  now: number,
): Soon<StepEnd | undefined> {
  if (step.cache === undefined || !cache) return undefined;
  const key = cacheKey(step, start, known);
  return key === undefined ? undefined : cachedEnd(cache, key, now);
}

/** Keeps the results of steps with `cache` for later runs. */
export async function keepResults(cache: StepCache, known: Known): Promise<void> {
  for (const step of known.graph.definition.steps) {
    const record = known.records.get(step.id);
    if (step.cache === undefined || step.kind === 'broken' || record?.end.status !== 'complete') continue;
    const key = cacheKey(step, stepStart(step, known), known);
    if (key !== undefined && !(await cache.get(key, record.ended_at))) await keepEnd(cache, key, record, step.cache);
  }
}

/** What a cached result is found by: the step as it is defined, and what it begins with. Another text of a prompt or another input is another key. */
function cacheKey(step: StepDefinition, start: StepStart, known: Known): string | undefined {
  if (step.cache === undefined || step.kind === 'wait' || step.kind === 'broken') return undefined;
  const { line: _, after: __, ...facts } = step;
  const what = 'workflow' in facts ? { ...facts, workflow: facts.workflow.name } : facts;
  // Items that are functions read the values themselves.
  const { step: outputs, params } = known.valuesFor(step);
  const read = start.kind === 'items' ? { step: outputs, params } : null;
  return callHash(
    `${known.graph.definition.name} ${step.id}`,
    // A definition holds JSON, but for functions, which JSON leaves out.
    JSON.parse(JSON.stringify({ what, start: onlyInput(start), read })) as Json,
  );
}

/** What a step may cost, and where its workflow is, does not change its result. */
const onlyInput = (start: StepStart): Json => {
  const input: object = start.kind === 'agent' ? start.input.value : start.input;
  const { budgetUsd: _, within: __, ...rest }: { readonly budgetUsd?: unknown; readonly within?: unknown } = input;
  // What a step begins with is stored, so it is JSON.
  return { kind: start.kind, input: rest as Json };
};

/** The end of a step whose result is known already. It has cost nothing. */
async function cachedEnd(cache: StepCache, key: string, now: number): Promise<StepEnd | undefined> {
  const kept = await cache.get(key, now);
  return isJsonObject(kept) && 'output' in kept
    ? { status: 'complete', output: kept['output'] as Json as never, cached: true }
    : undefined;
}

/** Keeps the result of a step that completed. */
async function keepEnd(cache: StepCache, key: string, { end, ended_at: at }: StepRecord, ttl: number): Promise<void> {
  if (end.status === 'complete' && !end.cached) await cache.set(key, { output: end.output }, at, ttl);
}
