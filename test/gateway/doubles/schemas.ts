/** What providers refuse in the schema of a tool. */
import { isJsonObject, type Json, type JsonObject } from '../../../src/values/json.ts';

/** Calls `visit` with each schema in a schema, and where it is. Names of properties are no keywords. */
export function eachSchema(
  schema: Json | undefined,
  visit: (schema: JsonObject, path: string) => void,
  path = '',
): void {
  if (!isJsonObject(schema)) return;
  visit(schema, path);
  const { properties, items, additionalProperties, anyOf, oneOf, allOf, $defs, not } = schema;
  for (const group of [properties, $defs])
    if (isJsonObject(group))
      for (const [key, inner] of Object.entries(group)) eachSchema(inner, visit, `${path}/${key}`);
  for (const inner of [items, additionalProperties, not]) eachSchema(inner, visit, `${path}/-`);
  for (const list of [anyOf, oneOf, allOf, items])
    if (Array.isArray(list)) for (const inner of list) eachSchema(inner as Json, visit, `${path}/-`);
}

/** The first problem that a look at each schema finds. */
export function firstProblem(schema: Json, problem: (schema: JsonObject, path: string) => string | undefined) {
  let found: string | undefined;
  eachSchema(schema, (each, path) => (found ??= problem(each, path)));
  return found;
}

/** A `$ref` that leads nowhere from the root. */
export function brokenReference(root: JsonObject): string | undefined {
  return firstProblem(root, ({ $ref: reference }) => {
    if (typeof reference !== 'string') return undefined;
    let at: Json | undefined = root;
    for (const part of reference.replace(/^#\/?/, '').split('/').filter(Boolean))
      at = isJsonObject(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
    return at === undefined || !reference.startsWith('#') ? reference : undefined;
  });
}

export const topLevel = ['anyOf', 'oneOf', 'allOf', 'enum', 'not'] as const;

/** What OpenAI says of a function's parameters. */
export function openaiSchemaFault(name: string, schema: JsonObject): string | undefined {
  const invalid = `Invalid schema for function '${name}':`;
  if (schema['type'] !== 'object' || topLevel.some((key) => key in schema))
    return `${invalid} schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.`;
  if (!isJsonObject(schema['properties'])) return `${invalid} In context=(), object schema missing properties.`;
  const problem = firstProblem(schema, ({ type, items }, path) =>
    type === 'array' && items === undefined ? `In context=(${path}), array schema missing items.` : undefined,
  );
  if (problem !== undefined) return `${invalid} ${problem}`;
  const broken = brokenReference(schema);
  return broken === undefined
    ? undefined
    : `${invalid} reference to component '${broken}' which was not found in the schema.`;
}
