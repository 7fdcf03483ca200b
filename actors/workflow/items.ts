/** The items of a step that fans out: read from its list, begun one by one or done as functions, and gathered in their order. */
import type { ListFold } from '../../src/contracts/effect.ts';
import type { StepDefinition, WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import type { StepEnd, StepNotes } from '../../src/contracts/workflow/step.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { toFailure, TroupeError, type Failure } from '../../src/values/failure.ts';
import { finishedList } from '../../src/values/finishedList.ts';
import { isJsonObject, type Json } from '../../src/values/json.ts';
import { judge } from '../../src/workflow/airlock/judge.ts';
import { listOf } from '../../src/workflow/expressions/condition.ts';
import type { FanOutInput, ItemResult, ItemsRequest, PreparedItems } from '../../machines/workflow/effectTypes.ts';
import { effect } from '../effect.ts';
import { entriesOf, foldOf } from '../lists.ts';
import { singleStart } from './stepStart.ts';
import { stepOf } from './values.ts';

/** A step that fans out. */
export type FanOutStep = StepDefinition & { readonly forEach: NonNullable<StepDefinition['forEach']> };

/** The step as one that fans out. Throws when it does not. */
export function fanOutStep(definition: WorkflowDefinition, id: string): FanOutStep {
  const step = stepOf(definition, id);
  const { forEach } = step;
  if (!forEach) throw new Error(`The step "${id}" of "${definition.name}" does not fan out any more.`);
  return { ...step, forEach };
}

/** The list of items. Throws `invalid` when it is none. */
export function listedItems({ id, forEach: { from, maxItems } }: FanOutStep, values: WorkflowValues): readonly Json[] {
  const list = listOf(from, values);
  if (!Array.isArray(list))
    throw new TroupeError(
      'invalid',
      `The step "${id}" fans out over a list, and "${from}" gives ${list === null ? 'nothing' : isJsonObject(list) ? 'an object' : `a ${typeof list}`}.`,
    );
  const all = list as readonly Json[];
  return maxItems === undefined ? all : all.slice(0, maxItems);
}

/** The values of one item. The name that its step gives to it is read like that of a step. */
export const valuesOfItem = (
  { forEach: { as } }: Pick<FanOutStep, 'forEach'>,
  values: WorkflowValues,
  item: Json,
  itemIndex: number,
): WorkflowValues => ({
  ...values,
  ...(as === undefined ? {} : { step: { ...values.step, [as]: item } }),
  item,
  itemIndex,
});

/** How many items run at once: all of them by default. */
export const itemConcurrency = ({ forEach: { concurrency = 0 } }: FanOutStep, total: number): number =>
  Math.max(1, concurrency <= 0 ? total : Math.min(concurrency, total));

/** The effect `prepareItems`: how the next items are begun. */
export const prepareItemsEffect = (definition: WorkflowDefinition) =>
  effect<PreparedItems, ItemsRequest>(
    async ({ step: id, from, count, again, running, budgetUsd }, scope) => {
      const [start] = await entriesOf<FanOutInput>(scope, 'start');
      if (!start) throw new Error(`The items of "${id}" have not kept what they start with.`);
      // From the beginning on, so that `gather` need not read back what was stored meanwhile.
      await foldOf(scope, 'results', resultsFold);
      const step = fanOutStep(definition, id);
      if (step.kind === 'transform' || step.kind === 'broken')
        throw new Error(`The items of the step "${id}" are no actors.`);
      const all = listedItems(step, start.values);
      const concurrency = itemConcurrency(step, all.length);
      const free = Math.max(0, concurrency - running);
      const open = [...again, ...all.slice(from, from + count).map((_, nth) => from + nth)];
      const next = open.slice(0, Math.min(count, free));
      // Equal shares for all that could run now: together they cannot cost more than there is.
      const sharers = Math.max(1, Math.min(free, again.length + all.length - from));
      const share = budgetUsd === undefined ? undefined : budgetUsd / sharers;
      const items: PreparedItems['items'][number][] = [];
      for (const index of next) {
        await scope.clock.turn?.();
        const item = all[index] ?? null;
        const values = valuesOfItem(step, start.values, item, index);
        const { depth, webhooks, within } = start;
        try {
          const made = singleStart(step, {
            definition,
            values,
            depth,
            within,
            webhooks,
            item: index,
            budgetUsd: share,
          });
          if (made.kind === 'webhook') throw new Error('A webhook of an item is no actor.');
          items.push({ item: index, start: made });
        } catch (thrown) {
          items.push({ item: index, failure: toFailure(thrown) });
        }
      }
      const { retry } = step;
      return {
        total: all.length,
        concurrency,
        ...(retry ? { retry } : {}),
        ...(share === undefined ? {} : { reservedUsd: share }),
        items,
      };
    },
    { kind: 'pure', eager: true, immutable: true },
  );

/** The ends of items by their numbers. */
const resultsFold: ListFold<Map<number, StepEnd>> = {
  initial: () => new Map(),
  add(known, entry) {
    // The fan-out writes this list itself.
    const { item, end } = entry as unknown as ItemResult;
    return known.set(item, end);
  },
};

/** The effect `gather`: the results of all items, judged as the output of their step. */
export const gatherEffect = (definition: WorkflowDefinition) =>
  effect<StepEnd, { readonly step: string }>(
    async ({ step: id }, scope) => {
      const ends = await foldOf(scope, 'results', resultsFold);
      const inOrder = [...ends].sort(([a], [b]) => a - b).map(([, end]) => end);
      return gathered(fanOutStep(definition, id), inOrder);
    },
    { kind: 'pure', eager: true, immutable: true },
  );

/** The end of a step from those of its items, in the order of the list. What was used is added where it is known. */
export function gathered(step: FanOutStep, ends: readonly StepEnd[]): StepEnd {
  const { maxFailures } = step.forEach;
  const failed = ends.flatMap((end, item) => (end.status === 'failed' ? [{ item, ...end }] : []));
  // As for one agent: whether any item went through a reflection.
  const reflections = ends.flatMap((end) => ('reflected' in end && end.reflected !== undefined ? [end.reflected] : []));
  const reflected = reflections.length === 0 ? {} : { reflected: reflections.includes(true) };
  const beside = { ...notesOfItems(ends), ...reflected };
  if (maxFailures >= 0 && failed.length > maxFailures) return { ...tooManyFailed(failed, maxFailures), ...beside };
  const results = finishedList(ends.map(resultOfItem));
  const end = judge({ results }, { schemas: step.schema ? [step.schema] : [] });
  return { ...end, ...beside };
}

/** What stands for an item among the results. What has failed, or has skipped itself, is marked. */
function resultOfItem(end: StepEnd, item: number): Json {
  if (end.status === 'failed') return { ktsu_error: end.failure.message, item_index: item };
  if (end.status === 'complete') return end.output;
  return { ...(isJsonObject(end.output) ? end.output : {}), ktsu_skip_reason: end.reason, item_index: item };
}

/** Of so many items it is kept what they say of themselves. */
const mostNotes = 1_000;

/** What the items say of themselves. */
function notesOfItems(ends: readonly StepEnd[]): { readonly notes?: StepNotes } {
  const items = ends.flatMap(({ notes }, item) => (notes ? [{ item_index: item, ...notes }] : []));
  return items.length === 0 ? {} : { notes: { items: items.slice(0, mostNotes) } };
}

function tooManyFailed(
  failed: readonly { readonly item: number; readonly code: string; readonly failure: Failure }[],
  maxFailures: number,
): StepEnd {
  const [first] = failed;
  const { item = 0, code = 'failed', failure } = first ?? {};
  const cause = failure?.message ?? '';
  const message =
    maxFailures === 0
      ? `fanout item ${item}: ${cause}`
      : `${failed.length} items failed (max_failures ${maxFailures}). The first one, item ${item}: ${cause}`;
  return {
    status: 'failed',
    code: maxFailures === 0 ? code : 'too_many_failures',
    failure: { kind: failure?.kind ?? 'internal', message, retryable: failure?.retryable ?? false },
  };
}
