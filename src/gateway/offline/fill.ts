/** Makes a value for any JSON Schema out of sentences, always the same for the same input. */
import type { Json, JsonObject } from '../../values/json.ts';
import { isList, numberField } from './fields.ts';
import { isJsonObject } from '../../values/json.ts';

/** Gives one sentence at a time, best first, and starts again after the last. */
export type Supply = () => string;

/** A supply of these sentences. */
export const supplyOf = (sentences: readonly string[]): Supply => {
  let next = 0;
  return () => sentences[next++ % Math.max(1, sentences.length)] ?? 'Nothing was found.';
};

/** A value that fits the schema. */
export function fill(schema: JsonObject, supply: Supply, depth = 0): Json {
  const { const: only, enum: choices, default: preset, anyOf, oneOf, type } = schema;
  if (only !== undefined) return only;
  if (isList(choices)) return choices[0] ?? null;
  if (preset !== undefined) return preset;
  const options = anyOf ?? oneOf;
  const option = isList(options) ? options[0] : undefined;
  if (isJsonObject(option) && depth < 8) return fill(option, supply, depth + 1);
  switch (isList(type) ? type[0] : type) {
    case 'object': {
      const { properties, required } = schema;
      const needed = isList(required) ? required : [];
      const wanted = depth < 8 && isJsonObject(properties) ? Object.entries(properties) : [];
      return Object.fromEntries(
        wanted
          .filter(([name]) => needed.includes(name) || depth === 0)
          .map(([name, inner]) => [name, fill(schemaOf(inner), supply, depth + 1)]),
      );
    }
    case 'array': {
      const length = Math.min(Math.max(1, numberField(schema, 'minItems') ?? 1), 20);
      return Array.from({ length }, () => fill(schemaOf(schema['items']), supply, depth + 1));
    }
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 0), Number(schema.exclusiveMinimum ?? -1) + 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default: {
      const shortest = numberField(schema, 'minLength') ?? 0;
      return supply()
        .padEnd(shortest, '.')
        .slice(0, numberField(schema, 'maxLength') ?? 2_000);
    }
  }
}

/** A schema may also be `true`: anything fits. */
const schemaOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
