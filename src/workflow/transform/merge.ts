/** Joins values into one. */
import { isJsonObject, type Json } from '../../values/json.ts';

/** Objects are joined field by field at every depth, lists one after the other; of anything else the later one is taken. Neither value is changed. */
export function deepMerge(earlier: Json, later: Json): Json {
  if (Array.isArray(earlier) && Array.isArray(later))
    return [...(earlier as readonly Json[]), ...(later as readonly Json[])];
  if (!isJsonObject(earlier) || !isJsonObject(later)) return later;
  const merged: Record<string, Json> = { ...earlier };
  for (const [key, value] of Object.entries(later)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = before === undefined ? value : deepMerge(before, value);
  }
  return merged;
}
