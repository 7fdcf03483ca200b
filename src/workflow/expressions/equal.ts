/** Whether two JSON values are the same. */
import { isJsonObject, type Json } from '../../values/json.ts';
import type { EvaluationBudget } from './limits.ts';

/** Compares by value; the order of keys has no meaning. Each pair that is compared costs one step. */
export function equalJson(a: Json, b: Json, budget: EvaluationBudget): boolean {
  budget.spend(1);
  if (a === b) return true;
  if (Array.isArray(a))
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      (a as readonly Json[]).every((each, at) => equalJson(each, (b as readonly Json[])[at] ?? null, budget))
    );
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key] ?? null, b[key] ?? null, budget))
  );
}
