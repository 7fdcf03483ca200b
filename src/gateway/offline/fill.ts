/** Fills any JSON Schema from what was read, the same way every time: the last resort of a model that does not understand the question. */
import type { Json, JsonObject } from '../../contracts/json.ts';

/** Hands out the best sentences one by one, and begins anew when they are used up. */
export type Supply = () => string;

export const supplyOf = (sentences: readonly string[]): Supply => {
  let next = 0;
  return () => sentences[next++ % Math.max(1, sentences.length)] ?? 'Nothing was found.';
};

export function fill(schema: JsonObject, supply: Supply, depth = 0): Json {
  const { const: only, enum: choices, default: preset, anyOf, oneOf, type } = schema;
  if (only !== undefined) return only;
  if (Array.isArray(choices)) return (choices as Json[])[0] ?? null;
  if (preset !== undefined) return preset;
  const [option] = (anyOf ?? oneOf ?? []) as JsonObject[];
  if (option && depth < 8) return fill(option, supply, depth + 1);
  switch (Array.isArray(type) ? (type as string[])[0] : type) {
    case 'object': {
      const { properties = {}, required = [] } = schema as { properties?: JsonObject; required?: readonly string[] };
      const wanted = depth < 8 ? Object.entries(properties) : [];
      return Object.fromEntries(
        wanted
          .filter(([name]) => required.includes(name) || depth === 0)
          .map(([name, inner]) => [name, fill(inner as JsonObject, supply, depth + 1)]),
      );
    }
    case 'array': {
      const { items = {}, minItems = 1 } = schema as { items?: JsonObject; minItems?: number };
      return Array.from({ length: Math.min(Math.max(1, minItems), 20) }, () => fill(items, supply, depth + 1));
    }
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 0), Number(schema.exclusiveMinimum ?? -1) + 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default: {
      const { minLength = 0, maxLength = 2_000 } = schema as { minLength?: number; maxLength?: number };
      return supply().padEnd(minLength, '.').slice(0, maxLength);
    }
  }
}
