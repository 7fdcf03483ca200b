/** References in JSON Schemas: where a `$ref` leads, and how a schema is put into another one without losing its own. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** What a `$ref` of a schema leads to, from its own root; undefined when there is nothing, or it is in another document. */
export function resolveReference(root: JsonObject, reference: string): Json | undefined {
  if (reference === '#' || reference === '') return root;
  if (!reference.startsWith('#/')) return anchored(root, reference);
  let at: Json | undefined = root;
  for (const part of reference.slice(2).split('/')) {
    const key = decoded(part);
    if (Array.isArray(at)) at = at[Number(key)] as Json | undefined;
    else at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

function decoded(part: string): string {
  const plain = part.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** A definition that names itself by `$anchor` or `$id`. */
function anchored(root: JsonObject, reference: string): Json | undefined {
  const name = reference.replace(/^#/, '');
  const definitions = [root['$defs'], root['definitions']].filter(isJsonObject).flatMap((each) => Object.values(each));
  return [root, ...definitions].find(
    (each) => isJsonObject(each) && (each['$anchor'] === name || each['$id'] === reference),
  );
}

/** A schema whose root is a reference, with what it leads to in place; a circle of references is `{}`. */
export function rootOf(schema: JsonObject): JsonObject {
  const seen = new Set<string>();
  let at: Json = schema;
  while (isJsonObject(at) && typeof at['$ref'] === 'string') {
    const reference: string = at['$ref'];
    if (seen.has(reference)) return {};
    seen.add(reference);
    at = resolveReference(schema, reference) ?? {};
  }
  return isJsonObject(at) ? at : {};
}

/** Does the schema, or what its root leads to, describe an object? Models call tools with objects only. */
export const isObjectSchema = (schema: JsonObject): boolean => rootOf(schema)['type'] === 'object';

/** The schema, or a union of which every part describes an object. */
export const takesObject = (schema: JsonObject, root: JsonObject = schema, depth = 0): boolean => {
  if (depth > 20) return false;
  const reference = schema['$ref'];
  const at = typeof reference === 'string' ? (resolveReference(root, reference) ?? {}) : schema;
  if (!isJsonObject(at)) return false;
  if (at['type'] === 'object') return true;
  const parts = [at['anyOf'], at['oneOf']].find(Array.isArray);
  if (parts) return parts.every((part) => isJsonObject(part) && takesObject(part, root, depth + 1));
  return at !== schema && takesObject(at, root, depth + 1);
};

/** An object with this schema as its only property. The references inside lead where they led before. */
export function wrapSchema(property: string, schema: JsonObject): JsonObject {
  const known = wrapped.get(schema)?.get(property);
  if (known) return known;
  const result: JsonObject = {
    type: 'object',
    properties: { [property]: moved(schema, `#/properties/${property}`) },
    required: [property],
    additionalProperties: false,
  };
  wrapped.set(schema, (wrapped.get(schema) ?? new Map<string, JsonObject>()).set(property, result));
  return result;
}

/** Schemas do not change, so each is wrapped once. */
const wrapped = new WeakMap<JsonObject, Map<string, JsonObject>>();

function moved(value: Json, to: string): Json {
  if (Array.isArray(value)) return value.map((each) => moved(each, to));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' && inner.startsWith('#') && (inner === '#' || inner[1] === '/')
        ? to + inner.slice(1)
        : moved(inner, to),
    ]),
  );
}
