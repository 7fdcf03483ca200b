/** The OpenAPI 3.1 document of some routes, made of the schemas that check their requests. */
import * as z from 'zod';
import type { JsonObject } from '../../../values/json.ts';
import type { RouteFacts, RouteResponse } from './route.ts';

/** Schemas with a name of their own in the document. */
export const namedSchemas = z.registry<{ id: string }>();

/** Gives a schema its name in the document. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  namedSchemas.add(schema, { id });
  return schema;
}

/** What every refused request may get, beside what its route says. */
const problem = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    kind: z.string(),
    retryable: z.boolean(),
    request_id: z.string(),
  }),
);

/** Makes the document. It is plain JSON. */
export function openApiDocument(title: string, routes: readonly RouteFacts[]): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of routes) (paths[each.path] ??= {})[each.method.toLowerCase()] = operationOf(each);
  const document = {
    openapi: '3.1.0',
    info: { title, version: '1' },
    paths,
    components: {
      schemas: componentsOf(JSON.stringify(paths)),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
  // Through text: what zod makes has properties that JSON leaves out.
  return JSON.parse(JSON.stringify(document)) as JsonObject;
}

function operationOf(each: RouteFacts): object {
  const params = [...each.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    summary: each.summary,
    operationId: `${each.method.toLowerCase()}${each.path.replaceAll(/[{}]/g, '').replaceAll(/[/.]/g, '_')}`,
    security: each.access === 'public' ? [] : [{ token: [] }],
    parameters: [...params, ...queryParameters(each.query)],
    ...(each.body
      ? { requestBody: { content: { 'application/json': { schema: schemaOf(each.body, 'input') } } } }
      : {}),
    responses: {
      ...Object.fromEntries(Object.entries(each.responses).map(([status, response]) => [status, responseOf(response)])),
      default: responseOf({
        description: 'The request is refused.',
        schema: problem,
        type: 'application/problem+json',
      }),
    },
  };
}

function responseOf({ description, schema, type = schema ? 'application/json' : 'text/plain' }: RouteResponse): object {
  if (type === null) return { description };
  return {
    description,
    content: { [type]: { schema: schema ? schemaOf(schema, 'output') : { type: 'string' } } },
  };
}

function queryParameters(query: z.ZodType | undefined): readonly object[] {
  if (!query) return [];
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

/** A reference to a named schema, or the schema itself. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const id = namedSchemas.get(schema)?.id;
  if (id !== undefined) return { $ref: reference(id) };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const reference = (id: string): string => `#/components/schemas/${id}`;

/** The named schemas that the paths need, and those that these need. */
function componentsOf(text: string): Record<string, object> {
  const { schemas } = z.toJSONSchema(namedSchemas, { uri: reference, unrepresentable: 'any' });
  const needed: Record<string, object> = {};
  const add = (part: string): void => {
    for (const [, id = ''] of part.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = schemas[id];
      if (schema === undefined || id in needed) continue;
      const { $schema: _, $id: __, ...rest } = schema;
      needed[id] = rest;
      add(JSON.stringify(rest));
    }
  };
  add(text);
  return needed;
}
