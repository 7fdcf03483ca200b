/** The operations of a transform, each as a function from data to data. */
import type { TransformOperation } from '../../contracts/workflow/transformDefinition.ts';
import type { WorkflowValues } from '../../contracts/workflow/values.ts';
import { TroupeError } from '../../values/failure.ts';
import { canonicalJson, type Json } from '../../values/json.ts';
import { whenThere, type Soon } from '../../values/soon.ts';
import { describeValue } from '../../values/explain.ts';
import { isEmpty } from '../expressions/evaluate.ts';
import { compileExpression, evaluateExpression, type Expression } from '../expressions/jmespath.ts';
import { textOf } from '../expressions/text.ts';
import { deepMerge } from './merge.ts';
import { sourceData } from './source.ts';

/** Gives other work of the process its turn, when it has waited for some milliseconds; undefined when none has. */
export type GiveTurn = () => Promise<void> | undefined;

/** What one operation makes of the data; a long list takes several turns. Throws, or rejects, when the data does not fit it, or its expression cannot be evaluated. */
export function perform(operation: TransformOperation, data: Json, values: WorkflowValues, turn: GiveTurn): Soon<Json> {
  switch (operation.op) {
    case 'merge':
      return operation.steps.reduce((merged, from) => {
        const more = sourceData(from, values);
        return more === null ? merged : deepMerge(merged, more);
      }, data);
    case 'filter': {
      const items = asItems(data);
      return whenThere(evaluated(items, operation.expr, turn), (kept) =>
        items.filter((_, at) => !isEmpty(kept[at] ?? null)),
      );
    }
    case 'map':
      return evaluated(asItems(data), operation.expr, turn);
    case 'sort': {
      if (!isList(data)) throw new TroupeError('invalid', `it sorts a list, and came to ${describeValue(data)}`);
      return whenThere(evaluated(data, operation.field, turn), (keys) => sorted(data, keys, operation.order));
    }
    case 'flatten':
      return isList(data) ? (data.flat() as Json[]) : data;
    case 'deduplicate': {
      if (!isList(data)) return data;
      return whenThere(evaluated(data, operation.field, turn), (keys) => distinct(data, keys));
    }
  }
}

/** Sorting is stable; what has no key is last in both orders. */
function sorted(list: readonly Json[], keys: readonly Json[], direction: 'asc' | 'desc' | undefined): readonly Json[] {
  const sign = direction === 'desc' ? -1 : 1;
  return list
    .map((item, at) => ({ item, key: keys[at] ?? null }))
    .toSorted((a, b) =>
      a.key === null || b.key === null ? Number(a.key === null) - Number(b.key === null) : sign * order(a.key, b.key),
    )
    .map(({ item }) => item);
}

/** The first item of each key. */
function distinct(list: readonly Json[], keys: readonly Json[]): readonly Json[] {
  const seen = new Set<string | null>();
  return list.filter((_, at) => {
    const value = keys[at] ?? null;
    // 1 and "1" are the same key; null and a missing field are another one.
    const key = value === null ? null : typeof value === 'object' ? canonicalJson(value) : textOf(value);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** What is no list is a list of one; nothing is a list of none. */
const asItems = (data: Json): readonly Json[] => (isList(data) ? data : data === null ? [] : [data]);

/** How many items are evaluated before the clock is asked whether others wait. */
const itemsPerTurn = 64;

/** The value of an expression on each item; at once for a short list. */
function evaluated(items: readonly Json[], expression: string, turn: GiveTurn): Soon<readonly Json[]> {
  const compiled = compileExpression(expression);
  if (items.length >= itemsPerTurn) return evaluatedInTurns(items, compiled, turn);
  return items.map((item) => evaluateExpression(compiled, item));
}

async function evaluatedInTurns(
  items: readonly Json[],
  compiled: Expression,
  turn: GiveTurn,
): Promise<readonly Json[]> {
  const values: Json[] = [];
  for (const item of items) {
    values.push(evaluateExpression(compiled, item));
    const wait = values.length % itemsPerTurn === 0 ? turn() : undefined;
    if (wait) await wait;
  }
  return values;
}

/** Numbers by value, and before all else; anything else by its text. One order for all pairs, so that sorting is well defined. */
function order(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? -1 : 1;
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
