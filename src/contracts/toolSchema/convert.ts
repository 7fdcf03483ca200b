/**
 * One JSON Schema, of whatever draft, in the part of JSON Schema that every provider of models takes: no keyword that one of them refuses, every
 * array with `items`, every `required` with its property, `anyOf` as the only choice, and references only to `#/$defs`.
 */
import { cutText, wellFormedText } from '../../values/text.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import type { LegalKeys } from './keys.ts';
import { mergeSchemas } from './merge.ts';
import { resolveReference } from './references.ts';
import { typesIn } from './types.ts';

/** What one conversion shares. */
export interface Conversion {
  /** The schema that is converted: its references lead from here. */
  readonly root: JsonObject;
  /** Writes what a reference leads to in place, to a bounded depth; otherwise it stays a reference to `$defs`. */
  readonly inline: boolean;
  /** The definitions of the result, by name. */
  readonly definitions: Map<string, JsonObject>;
  /** The names of the definitions, by the reference that leads to them. */
  readonly names: Map<string, string>;
  readonly keys: LegalKeys;
  /** How many schemas may still be written: a schema that refers to itself often would grow without end. */
  left: number;
}

/** How deep schemas are nested, and how often one may be inside itself when it is written in place. */
const maxDepth = 40;
const maxRecursion = 2;

const numeric = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] as const;
const counts = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'] as const;

/** Converts one schema of the root. `open`: the references that it is inside of. */
export function convert(schema: Json | undefined, to: Conversion, open: readonly string[] = [], depth = 0): JsonObject {
  if (!isJsonObject(schema) || depth > maxDepth || to.left-- <= 0) return {};
  const description = textIn(schema['description']);
  const described = description === undefined ? {} : { description };
  if (typeof schema['$ref'] === 'string') {
    const target = follow(schema['$ref'], to, open, depth);
    return '$ref' in target ? target : { ...target, ...described };
  }
  const parts = [schema['allOf']].filter(Array.isArray).flat();
  if (parts.length > 0) {
    const { allOf: _, ...own } = schema;
    const every: readonly Json[] = [own, ...parts];
    // A part may demand a property that another part describes.
    const required = every.flatMap((part) =>
      isJsonObject(part) ? [part['required']].filter(Array.isArray).flat() : [],
    );
    const all = every.map((part) =>
      expandedPart(isJsonObject(part) ? { ...part, required } : part, to, open, depth + 1),
    );
    return { ...all.reduce(mergeSchemas), ...described };
  }
  const choices = choicesIn(schema);
  if (choices) {
    const { anyOf: _a, oneOf: _o, description: _d, ...own } = schema;
    // Parts that only say which properties are needed together cannot be told to every provider.
    const kept = choices.filter((part) => isJsonObject(part) && !isConstraint(part));
    if (kept.length === 0) return { ...convert(own, to, open, depth + 1), ...described };
    const base = convert(own, to, open, depth + 1);
    const isPlain = Object.keys(base).length === 0;
    const anyOf = kept.map((part) =>
      isPlain ? convert(part, to, open, depth + 1) : mergeSchemas(base, expandedPart(part, to, open, depth + 1)),
    );
    const [only] = anyOf;
    return only && anyOf.length === 1 ? { ...only, ...('$ref' in only ? {} : described) } : { ...described, anyOf };
  }
  return { ...described, ...plain(schema, to, open, depth) };
}

/** A part that is merged with others: what a reference leads to, in place. */
function expandedPart(part: Json, to: Conversion, open: readonly string[], depth: number): JsonObject {
  const reference = isJsonObject(part) ? part['$ref'] : undefined;
  if (typeof reference !== 'string') return convert(part, to, open, depth);
  if (open.includes(reference)) return {};
  return expandedPart(resolveReference(to.root, reference) ?? {}, to, [...open, reference], depth + 1);
}

function follow(reference: string, to: Conversion, open: readonly string[], depth: number): JsonObject {
  const target = resolveReference(to.root, reference);
  if (target === undefined) return {};
  if (to.inline) {
    if (open.filter((each) => each === reference).length >= maxRecursion) return {};
    return convert(target, to, [...open, reference], depth + 1);
  }
  const known = to.names.get(reference);
  if (known !== undefined) return { $ref: `#/$defs/${known}` };
  const name = freeName(reference, to.definitions);
  to.names.set(reference, name);
  to.definitions.set(name, {});
  to.definitions.set(name, convert(target, to, [], depth + 1));
  return { $ref: `#/$defs/${name}` };
}

function freeName(reference: string, taken: ReadonlyMap<string, unknown>): string {
  const last =
    reference
      .split('/')
      .at(-1)
      ?.replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^_+$/, '') || 'root';
  let name = last.slice(0, 50);
  for (let count = 2; taken.has(name); count++) name = `${last.slice(0, 50)}_${count}`;
  return name;
}

const choicesIn = (schema: JsonObject): readonly Json[] | undefined => {
  const given = [schema['anyOf'], schema['oneOf']].filter(Array.isArray).flat() as Json[];
  return given.length > 0 ? given : undefined;
};

const shapes = ['type', 'properties', 'items', 'prefixItems', 'enum', 'const', '$ref', 'anyOf', 'oneOf', 'allOf'];
const isConstraint = (part: JsonObject): boolean => !shapes.some((key) => key in part);

/** A schema without references and choices; several types become a choice. */
function plain(schema: JsonObject, to: Conversion, open: readonly string[], depth: number): JsonObject {
  const values = valuesIn(schema);
  if (values) return values.length === 1 ? (values[0] ?? {}) : { anyOf: values };
  const types = typesIn(schema);
  const one = (type: string | undefined): JsonObject => ({
    ...(type === undefined ? {} : { type }),
    ...(type === 'object' ? objectOf(schema, to, open, depth) : {}),
    ...(type === 'array' ? arrayOf(schema, to, open, depth) : {}),
    ...limitsOf(schema, type),
  });
  if (types.length <= 1) return { ...one(types[0]), ...defaultOf(schema) };
  return { anyOf: types.map(one) };
}

function objectOf(schema: JsonObject, to: Conversion, open: readonly string[], depth: number): JsonObject {
  const given = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const properties = Object.fromEntries(
    Object.entries(given).map(([key, inner]) => [to.keys.of(key), convert(inner, to, open, depth + 1)]),
  );
  const { required, additionalProperties: more } = schema;
  const needed = Array.isArray(required)
    ? [...new Set(required)].flatMap((key) =>
        typeof key === 'string' && Object.hasOwn(given, key) ? [to.keys.of(key)] : [],
      )
    : [];
  return {
    properties,
    ...(needed.length > 0 ? { required: needed } : {}),
    ...(typeof more === 'boolean' ? { additionalProperties: more } : {}),
    ...(isJsonObject(more) ? { additionalProperties: convert(more, to, open, depth + 1) } : {}),
  };
}

function arrayOf(schema: JsonObject, to: Conversion, open: readonly string[], depth: number): JsonObject {
  const { items, prefixItems } = schema;
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  if (!tuple) return { items: convert(items, to, open, depth + 1) };
  const parts = tuple.map((part: Json) => convert(part, to, open, depth + 1));
  if (isJsonObject(items)) parts.push(convert(items, to, open, depth + 1));
  const distinct = [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];
  const [only] = distinct;
  return { items: distinct.length > 1 ? { anyOf: distinct } : (only ?? {}) };
}

const limitedBy: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: [...numeric],
  integer: [...numeric],
  array: ['minItems', 'maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties'],
};

function limitsOf(schema: JsonObject, type: string | undefined): JsonObject {
  const names = type === undefined ? [] : (limitedBy[type] ?? []);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = schema[name];
      return isLimit(name, value) && value !== undefined ? [[name, value]] : [];
    }),
  );
}

function isLimit(name: string, value: Json | undefined): boolean {
  if (numeric.some((each) => each === name)) return typeof value === 'number' && (name !== 'multipleOf' || value > 0);
  if (counts.some((each) => each === name)) return Number.isSafeInteger(value) && Number(value) >= 0;
  if (name === 'uniqueItems') return typeof value === 'boolean';
  return typeof value === 'string' && (name !== 'pattern' || isPattern(value));
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

const defaultOf = (schema: JsonObject): JsonObject =>
  schema['default'] === undefined || isJsonObject(schema['default']) ? {} : { default: schema['default'] };

/** `enum` and `const`, one schema for each type of value; undefined when there is neither. */
function valuesIn(schema: JsonObject): JsonObject[] | undefined {
  const given = Array.isArray(schema['enum'])
    ? (schema['enum'] as readonly Json[])
    : schema['const'] === undefined
      ? undefined
      : [schema['const']];
  if (!given || given.length === 0) return undefined;
  const byType = new Map<string, Json[]>();
  for (const value of new Set(given)) {
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    byType.set(type, [...(byType.get(type) ?? []), typeof value === 'string' ? wellFormedText(value) : value]);
  }
  return [...byType].map(([type, values]) => {
    if (type === 'null') return { type };
    if (type === 'object') return { type, properties: {}, description: oneOf(values) };
    if (type === 'array') return { type, items: {}, description: oneOf(values) };
    return { type: type === 'number' && values.every(Number.isInteger) ? 'integer' : type, enum: values };
  });
}

const oneOf = (values: readonly Json[]): string => cutText(`One of: ${JSON.stringify(values)}`, 2_000);

const textIn = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? wellFormedText(value) : undefined;
