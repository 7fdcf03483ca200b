/** Runs, waits, artifacts, deployments, secrets and tokens over HTTP: a route for each operation of the table, and nothing beside it. */
import * as z from 'zod';
import { Execution } from '../../../contracts/client/execution.ts';
import type { TroupeClient } from '../../../contracts/client/client.ts';
import { operations } from '../../../contracts/client/operations/operations.ts';
import type { ClientOperation } from '../../../contracts/client/operations/operation.ts';
import type { Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import { named } from '../base/openapi.ts';
import { HttpRefusal } from '../base/refusal.ts';
import { jsonReply, type HttpReply } from '../base/reply.ts';
import type { HttpRoute, RawRequest, RouteResponse } from '../base/route.ts';
import { refusedOperation } from './refused.ts';
import { byteStream, lineEvents } from './streams.ts';

named('Execution', Execution);

/** The routes of a client. The clock keeps streams alive. */
export const controlRoutes = (client: TroupeClient, clock: Clock): readonly HttpRoute[] =>
  Object.values<ClientOperation>(operations).map((operation) => routeOf(operation, client, clock));

function routeOf(operation: ClientOperation, client: TroupeClient, clock: Clock): HttpRoute {
  const { method, path } = operation.http;
  const inPath = pathNames(path);
  const { shape } = operation.input;
  let known: ReadonlyMap<string, string> | undefined;
  const asTyped = (texts: Readonly<Record<string, string>>) => typed((known ??= typesIn(operation.input)), texts);
  const rest = z.strictObject(Object.fromEntries(Object.entries(shape).filter(([name]) => !inPath.includes(name))));
  const hasBody = method === 'POST' || method === 'PUT';
  return {
    method,
    path,
    access: operation.access === 'admin' ? 'control' : 'client',
    summary: operation.summary,
    ...(Object.keys(rest.shape).length === 0 ? {} : hasBody ? { body: rest } : { query: rest }),
    responses: { 200: responseOf(operation) },
    async answer(request) {
      const given = hasBody ? await bodyOf(request) : asTyped(request.query);
      const twice = inPath.find((name) => Object.hasOwn(given, name));
      if (twice !== undefined)
        throw new TroupeError(
          'invalid',
          `"${twice}" is a part of the path. Leave it out of the ${hasBody ? 'body' : 'query'}.`,
        );
      const input = { ...given, ...asTyped(request.params) };
      requireAdmin(operation, request, input);
      try {
        return await answered(operation, client, input, request, clock);
      } catch (thrown) {
        throw refusedOperation(thrown);
      }
    },
  };
}

/** The names of the parts of a path in braces. */
export const pathNames = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

function responseOf(operation: ClientOperation): RouteResponse {
  switch (operation.kind) {
    case 'value':
      return { description: 'The answer.', schema: operation.output };
    case 'lines':
      return {
        description: 'Events `line`, each with the `seq` of its line as its id, and `end`.',
        type: 'text/event-stream',
      };
    case 'bytes':
      return { description: 'The bytes.', type: 'application/octet-stream' };
  }
}

async function bodyOf(request: RawRequest): Promise<JsonObject> {
  const body = (await request.json()) ?? {};
  if (isJsonObject(body)) return body;
  throw new TroupeError('invalid', 'The body must be a JSON object with the fields of the request.');
}

/** The types of the fields, as JSON Schema calls them: a path and a query have all of them as texts. */
function typesIn(input: ClientOperation['input']): ReadonlyMap<string, string> {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input' });
  return new Map(Object.entries(properties).map(([name, field]) => [name, String(propertiesOf(field)['type'])]));
}

/** Texts as their fields have them. One that does not fit stays a text, which is refused with its field. */
const typed = (types: ReadonlyMap<string, string>, texts: Readonly<Record<string, string>>): JsonObject =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, valueOf(types.get(name), text)]));

function valueOf(type: string | undefined, text: string): Json {
  switch (type) {
    case 'integer':
    case 'number':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    default:
      return text;
  }
}

function requireAdmin({ adminFields = [] }: ClientOperation, { authorized }: RawRequest, input: JsonObject): void {
  const field = authorized ? undefined : adminFields.find((name) => Object.hasOwn(input, name));
  if (field !== undefined)
    throw new HttpRefusal(403, 'denied', `"${field}" may only be given with the token of the server itself.`);
}

async function answered(
  operation: ClientOperation,
  client: TroupeClient,
  input: JsonObject,
  { signal, draining, headers }: RawRequest,
  clock: Clock,
): Promise<HttpReply> {
  switch (operation.kind) {
    case 'value':
      return jsonReply(200, await operation.run(client, input));
    case 'bytes':
      return {
        status: 200,
        headers: { 'content-disposition': 'attachment' },
        body: {
          kind: 'stream',
          type: 'application/octet-stream',
          stream: await byteStream(operation.run(client, input)),
        },
      };
    case 'lines': {
      const exec = typeof input['exec_id'] === 'string' ? input['exec_id'] : '';
      // A run that there is not is an answer of its own, and not the end of a stream.
      await client.executions.get(exec);
      const stopping = new AbortController();
      const stop = () => stopping.abort();
      signal.addEventListener('abort', stop, { once: true });
      const last = headers.get('last-event-id');
      const after = last !== null && /^\d{1,15}$/.test(last) ? { after: Number(last) } : {};
      const lines = operation.run(client, { ...input, ...after }, stopping.signal);
      const end = async () => ({ exec_id: exec, status: (await client.executions.get(exec)).status });
      const stream = lineEvents({ lines, stop, end, draining, clock });
      return { status: 200, body: { kind: 'stream', type: 'text/event-stream', stream } };
    }
  }
}
