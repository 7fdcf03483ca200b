/** Two converted schemas as one that demands both, as far as that can be said without `allOf`. */
import { isJsonObject, type JsonObject } from '../../values/json.ts';

export function mergeSchemas(first: JsonObject, second: JsonObject): JsonObject {
  if (Object.keys(first).length === 0) return second;
  if (Object.keys(second).length === 0) return first;
  const types = [first['type'], second['type']];
  // A choice, or two types: the one that says more about values stands.
  if (
    [first, second].some((each) => 'anyOf' in each || '$ref' in each) ||
    (types[0] ?? types[1]) !== (types[1] ?? types[0])
  )
    return 'anyOf' in first || '$ref' in first ? { ...second, ...first } : { ...first, ...second };
  const properties = mergedProperties(first['properties'], second['properties']);
  const required = [...new Set([first['required'], second['required']].filter(Array.isArray).flat())];
  const more = [first['additionalProperties'], second['additionalProperties']].find(isJsonObject);
  const { additionalProperties: _a, ...before } = first;
  const { additionalProperties: _b, ...after } = second;
  return {
    ...before,
    ...after,
    ...(properties ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
    // Each part alone may forbid what the other one has.
    ...(more ? { additionalProperties: more } : {}),
  };
}

function mergedProperties(first: unknown, second: unknown): JsonObject | undefined {
  if (!isJsonObject(first)) return isJsonObject(second) ? second : undefined;
  if (!isJsonObject(second)) return first;
  const shared = Object.keys(second).filter((key) => Object.hasOwn(first, key));
  return {
    ...first,
    ...second,
    ...Object.fromEntries(
      shared.map((key) => {
        const [a, b] = [first[key], second[key]];
        return [key, isJsonObject(a) && isJsonObject(b) ? mergeSchemas(a, b) : (b ?? {})];
      }),
    ),
  };
}
