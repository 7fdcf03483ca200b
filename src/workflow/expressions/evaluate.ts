/** Evaluates a syntax tree on data. Only the data's own properties are found, and every step is counted. */
import { isJsonObject, type Json } from '../../values/json.ts';
import { equalJson } from './equal.ts';
import { callFunction, ItemExpression, type Argument } from './functions.ts';
import type { EvaluationBudget } from './limits.ts';
import type { Comparison, ExpressionNode } from './node.ts';

/** The value of a node on data. Throws `budget` above the limits, and an error that says what does not fit. */
export function evaluateNode(node: ExpressionNode, data: Json, budget: EvaluationBudget): Json {
  budget.spend(1);
  const on = (inner: ExpressionNode, value: Json): Json => evaluateNode(inner, value, budget);
  switch (node.is) {
    case 'current':
      return data;
    case 'field':
      return isJsonObject(data) && Object.hasOwn(data, node.name) ? (data[node.name] ?? null) : null;
    case 'index':
      return isList(data) ? (data.at(node.at) ?? null) : null;
    case 'slice':
      return isList(data) ? budget.made(sliceOf(data, node, budget)) : null;
    case 'literal':
      return node.value;
    case 'chain':
      return on(node.right, on(node.left, data));
    case 'list projection': {
      const list = on(node.left, data);
      return isList(list) ? project(list, node.right, budget) : null;
    }
    case 'value projection': {
      const object = on(node.left, data);
      return isJsonObject(object) ? project(Object.values(object), node.right, budget) : null;
    }
    case 'filter': {
      const list = on(node.left, data);
      return isList(list)
        ? project(
            list.filter((item) => !isEmpty(on(node.test, item))),
            node.right,
            budget,
          )
        : null;
    }
    case 'flatten': {
      const list = on(node.of, data);
      if (!isList(list)) return null;
      const flat = list.flat() as Json[];
      budget.spend(flat.length);
      return budget.made(flat);
    }
    case 'compare':
      return compare(node.how, on(node.left, data), on(node.right, data), budget);
    case 'and': {
      const left = on(node.left, data);
      return isEmpty(left) ? left : on(node.right, data);
    }
    case 'or': {
      const left = on(node.left, data);
      return isEmpty(left) ? on(node.right, data) : left;
    }
    case 'not':
      return isEmpty(on(node.of, data));
    case 'list':
      return data === null ? null : budget.made(node.items.map((item) => on(item, data)));
    case 'object':
      return data === null
        ? null
        : budget.made(Object.fromEntries(node.fields.map(([name, value]) => [name, on(value, data)])));
    case 'call':
      return callFunction(
        node.name,
        node.args.map((arg): Argument =>
          arg.is === 'expression' ? new ItemExpression((item) => on(arg.of, item)) : on(arg, data),
        ),
        budget,
      );
    case 'expression':
      throw new Error('an expression such as &name can only be an argument of a function');
  }
}

/** What JMESPath counts as false: null, false, and empty text, lists and objects. Zero is true. */
export function isEmpty(value: Json): boolean {
  if (value === null || value === false || value === '') return true;
  if (isList(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** What an expression gives on each element; null is left out. */
function project(list: readonly Json[], node: ExpressionNode, budget: EvaluationBudget): Json {
  const results: Json[] = [];
  for (const item of list) {
    const result = evaluateNode(node, item, budget);
    if (result !== null) results.push(result);
  }
  return budget.made(results);
}

/** Order is defined for numbers only: anything else gives null. */
function compare(how: Comparison, a: Json, b: Json, budget: EvaluationBudget): Json {
  if (how === 'EQ') return equalJson(a, b, budget);
  if (how === 'NE') return !equalJson(a, b, budget);
  if (typeof a !== 'number' || typeof b !== 'number') return null;
  switch (how) {
    case 'GT':
      return a > b;
    case 'GTE':
      return a >= b;
    case 'LT':
      return a < b;
    case 'LTE':
      return a <= b;
  }
}

/** `[from:to:step]`: negative places count from the end, and a negative step goes backwards. */
function sliceOf(
  list: readonly Json[],
  { from, to, step }: { readonly from?: number; readonly to?: number; readonly step: number },
  budget: EvaluationBudget,
): Json[] {
  const back = step < 0;
  const place = (at: number | undefined, otherwise: number): number => {
    if (at === undefined) return otherwise;
    const fromStart = at < 0 ? at + list.length : at;
    return back ? Math.max(-1, Math.min(fromStart, list.length - 1)) : Math.max(0, Math.min(fromStart, list.length));
  };
  const end = place(to, back ? -1 : list.length);
  const slice: Json[] = [];
  for (let at = place(from, back ? list.length - 1 : 0); back ? at > end : at < end; at += step) {
    budget.spend(1);
    slice.push(list[at] ?? null);
  }
  return slice;
}
