/**
 * The input schema of a tool in the form that every provider of models takes, and the way back for the arguments.
 *
 * The root is an object with `properties`, without `anyOf`, `oneOf`, `allOf`, `enum` or `not`. Alternatives at the root become one object with the
 * properties of all; the tool's own check says what does not belong together. A root that is no object becomes one with the property `value`.
 */
import { cutText } from '../../values/text.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import { convert, type Conversion } from './convert.ts';
import { legalKeys, withOwnKeys } from './keys.ts';
import { mergeSchemas } from './merge.ts';
import { resolveReference } from './references.ts';

/** A schema that can be offered, and how arguments become those of the tool. */
export interface PortableSchema {
  /** What the model is shown. */
  readonly schema: JsonObject;
  /** The arguments as the tool's own schema names them. What does not fit stays as it is. */
  restore(input: Json): Json;
}

/** How a schema is converted. */
export interface PortableOptions {
  /** True: no `$ref` is left; a schema inside itself is written out three times, and then open. False by default. */
  readonly inline?: boolean;
}

/** How many schemas one schema may consist of after references were written in place. */
const maxNodes = 4_000;

/** The portable form of a schema. The same schema object is converted once. */
export function portableSchema(schema: JsonObject, { inline = false }: PortableOptions = {}): PortableSchema {
  const known = made[inline ? 'inline' : 'referring'];
  const before = known.get(schema);
  if (before) return before;
  const result = converted(schema, inline);
  known.set(schema, result);
  return result;
}

/** Schemas do not change. */
const made = {
  inline: new WeakMap<JsonObject, PortableSchema>(),
  referring: new WeakMap<JsonObject, PortableSchema>(),
};

function converted(given: JsonObject, inline: boolean): PortableSchema {
  const to: Conversion = {
    root: given,
    inline,
    definitions: new Map(),
    names: new Map(),
    keys: legalKeys(given),
    left: maxNodes,
  };
  const whole = convert(given, to);
  const object = asObject(whole, to);
  const root = object ?? { type: 'object', properties: { value: whole }, required: ['value'] };
  const definitions = Object.fromEntries(to.definitions);
  const schema: JsonObject = {
    ...root,
    ...(to.definitions.size > 0 ? { $defs: definitions } : {}),
  };
  const { renamed } = to.keys;
  return {
    schema,
    restore(input) {
      const own = withOwnKeys(input, schema, renamed);
      return !object && isJsonObject(own) && Object.hasOwn(own, 'value') ? (own['value'] ?? null) : own;
    },
  };
}

/** The root as one object; undefined when it is something else. */
function asObject(whole: JsonObject, to: Conversion): JsonObject | undefined {
  const parts = partsOf(whole, to).map(({ default: _, ...part }): JsonObject => part);
  const objects = parts.filter(({ type }) => type === 'object' || type === undefined);
  const { description } = whole;
  const described = typeof description === 'string' ? { description } : {};
  if (parts.length > 0 && objects.length === 0) return parts.every(({ type }) => type === 'null') ? empty : undefined;
  const [first = {}, ...others] = objects;
  if (others.length === 0) return { ...empty, ...first, ...described, type: 'object' };
  const needed = objects.map(({ required }) => (Array.isArray(required) ? (required as readonly string[]) : []));
  const shared = needed.reduce((all, each) => all.filter((key) => each.includes(key)));
  const properties = objects.map((part) => (isJsonObject(part['properties']) ? part['properties'] : {}));
  const says = typeof description === 'string' ? `${description} ` : '';
  return {
    type: 'object',
    description: cutText(`${says}Give one of these forms: ${properties.map(formOf).join(' or ')}.`, 2_000),
    properties: properties.reduce(alternatives),
    ...(shared.length > 0 ? { required: shared } : {}),
  };
}

const empty: JsonObject = { type: 'object', properties: {} };

/** What the root is: what it refers to, and what it chooses among. */
function partsOf(schema: JsonObject, to: Conversion, seen = new Set<string>()): JsonObject[] {
  const { $ref: reference, anyOf, description: _, ...own } = schema;
  if (typeof reference === 'string') {
    if (seen.has(reference)) return [];
    seen.add(reference);
    const target = to.definitions.get(reference.replace('#/$defs/', '')) ?? resolveReference(to.root, reference);
    return isJsonObject(target) ? partsOf(target, to, seen) : [];
  }
  if (!Array.isArray(anyOf)) return [own];
  return anyOf.flatMap((part: Json) =>
    isJsonObject(part) ? partsOf(part, to, seen).map((each) => mergeSchemas(own, each)) : [],
  );
}

function alternatives(first: JsonObject, second: JsonObject): JsonObject {
  const both = Object.keys(second).filter((key) => Object.hasOwn(first, key));
  return { ...first, ...second, ...Object.fromEntries(both.map((key) => [key, either(first[key], second[key])])) };
}

/** The values of both; those of two enumerations are one. */
function either(first: Json = {}, second: Json = {}): Json {
  if (JSON.stringify(first) === JSON.stringify(second)) return first;
  if (isJsonObject(first) && isJsonObject(second)) {
    const [a, b] = [first['enum'], second['enum']];
    if (Array.isArray(a) && Array.isArray(b) && first['type'] === second['type'])
      return { ...first, enum: [...new Set<Json>([...a, ...b])] };
  }
  const parts = [first, second].flatMap((each): readonly Json[] =>
    isJsonObject(each) && Array.isArray(each['anyOf']) ? (each['anyOf'] as readonly Json[]) : [each],
  );
  return { anyOf: parts };
}

const formOf = (properties: JsonObject): string =>
  `{ ${Object.entries(properties)
    .map(([key, value]) => {
      const values = isJsonObject(value) ? value['enum'] : undefined;
      return Array.isArray(values) && values.length === 1 ? `${key}: ${JSON.stringify(values[0])}` : key;
    })
    .join(', ')} }`;
