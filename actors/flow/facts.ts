/** Facts that a body logs about a run or a call. */
import { TroupeError } from '../../src/values/failure.ts';
import { isJsonObject, plainCopy, throughJson, type Json, type JsonObject } from '../../src/values/json.ts';

/** Later values replace earlier ones; objects are merged. */
export function mergeFacts(before: JsonObject | undefined, facts: JsonObject): JsonObject {
  if (!before) return facts;
  const merged: Record<string, Json> = { ...before };
  for (const [key, value] of Object.entries<Json>(facts)) {
    const known = Object.hasOwn(merged, key) ? merged[key] : undefined;
    if (key === '__proto__') continue;
    merged[key] = isJsonObject(known) && isJsonObject(value) ? mergeFacts(known, value) : value;
  }
  return merged;
}

/** The facts as JSON: a date becomes its text, and what is undefined is left out. Throws `invalid` for what is no object of JSON. */
export function requireFacts(facts: unknown): JsonObject {
  const json = factsAsJson(facts);
  if (json) return json;
  throw new TroupeError('invalid', 'ctx.log takes an object of JSON: ctx.log({ pages: 3 }).');
}

/** The same; undefined for what is no object of JSON. */
export function factsAsJson(facts: unknown): JsonObject | undefined {
  const json = jsonOf(facts);
  return isJsonObject(json) ? json : undefined;
}

function jsonOf(facts: unknown): Json | undefined {
  try {
    return plainCopy(facts) ?? throughJson(facts);
  } catch {
    return undefined;
  }
}
