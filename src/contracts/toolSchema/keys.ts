/** Names of properties: providers take `[A-Za-z0-9_.-]{1,64}`, JSON Schema takes any. A name that they refuse gets another one, and arguments are renamed back. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import { fnv1a } from '../../values/fnv1a.ts';
import { resolveReference } from './references.ts';

const legal = /^[A-Za-z0-9_.-]{1,64}$/;

/** The names under which properties are offered: those of one schema, wherever they are in it. */
export interface LegalKeys {
  /** The name that a property is offered under. */
  of(own: string): string;
  /** The own names of those that were renamed. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** No name is given to a property that another property of the schema has already. */
export function legalKeys(schema: JsonObject): LegalKeys {
  const names = new Map<string, string>();
  const renamed = new Map<string, string>();
  let taken: Set<string> | undefined;
  return {
    renamed,
    of(own) {
      if (legal.test(own)) return own;
      const known = names.get(own);
      if (known !== undefined) return known;
      taken ??= propertyNames(schema);
      const letters = own
        .normalize('NFKD')
        .replace(/[^A-Za-z0-9_.-]+/g, '_')
        .replace(/^[_.-]+|_+$/g, '')
        .slice(0, 47);
      const name = letters === '' || letters.length > 46 || taken.has(letters) ? `${letters}_${fnv1a(own)}` : letters;
      taken.add(name);
      names.set(own, name);
      renamed.set(name, own);
      return name;
    },
  };
}

function propertyNames(schema: Json, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const each of schema) propertyNames(each, found);
  if (!isJsonObject(schema)) return found;
  const { properties } = schema;
  if (isJsonObject(properties)) for (const key of Object.keys(properties)) found.add(key);
  for (const inner of Object.values(schema)) propertyNames(inner, found);
  return found;
}

/** Arguments under their own names. `schema` is what the model was shown. */
export function withOwnKeys(value: Json, schema: JsonObject, renamed: ReadonlyMap<string, string>): Json {
  const walk = (inner: Json, at: readonly JsonObject[]): Json => {
    if (at.length === 0) return inner;
    if (Array.isArray(inner)) {
      const items = at.flatMap(({ items: each }) => expanded(each, schema));
      return inner.map((each: Json) => walk(each, items));
    }
    if (!isJsonObject(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, each]) => {
        const holders = at.filter(({ properties }) => isJsonObject(properties) && Object.hasOwn(properties, key));
        const below = at.flatMap(({ properties, additionalProperties }) =>
          isJsonObject(properties) && Object.hasOwn(properties, key)
            ? expanded(properties[key], schema)
            : expanded(additionalProperties, schema),
        );
        const own = holders.length > 0 ? renamed.get(key) : undefined;
        return [own !== undefined && !Object.hasOwn(inner, own) ? own : key, walk(each, below)];
      }),
    );
  };
  return renamed.size === 0 ? value : walk(value, expanded(schema, schema));
}

/** The schema, and what it refers to and chooses among. */
function expanded(schema: Json | undefined, root: JsonObject, seen = new Set<JsonObject>()): JsonObject[] {
  if (!isJsonObject(schema) || seen.has(schema)) return [];
  seen.add(schema);
  const reference = schema['$ref'];
  const parts = schema['anyOf'];
  return [
    schema,
    ...(typeof reference === 'string' ? expanded(resolveReference(root, reference), root, seen) : []),
    ...(Array.isArray(parts) ? parts.flatMap((part: Json) => expanded(part, root, seen)) : []),
  ];
}
