/** A route as data: the door serves it, and describes it in the OpenAPI document. */
import type * as z from 'zod';
import { describeMismatch } from '../../../values/explain.ts';
import type { Failure } from '../../../values/failure.ts';
import type { Json } from '../../../values/json.ts';
import { TroupeError } from '../../../values/failure.ts';
import type { HttpReply } from './reply.ts';

/** The methods that routes may have; HEAD and OPTIONS are answered for each. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a handler is given. */
export interface RouteRequest<Query, Body> {
  /** The parts of the path in braces, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Headers;
  /** The id of the request, which the answer repeats. */
  readonly id: string;
  /** True when the request has the token of the door, or the door needs none. */
  readonly authorized: boolean;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
  /** Fires when the door is about to close: what waits should answer now. */
  readonly draining: AbortSignal;
}

/** One answer of a route, for the OpenAPI document. */
export interface RouteResponse {
  readonly description: string;
  /** The schema of the JSON body; without one the body is text or empty. */
  readonly schema?: z.ZodType;
  /** `application/json` by default with a schema, `text/plain` without; null for no body. */
  readonly type?: string | null;
}

/** What a route has, whoever reads it. */
export interface RouteFacts {
  readonly method: Method;
  /** With parameters in braces: `/runs/{run_id}`. */
  readonly path: string;
  /** `control` needs the token of the door, if it has one; `client` also takes the tokens that the door accepts. `public` is open, or the handler checks for itself. */
  readonly access: 'public' | 'client' | 'control';
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** By status. */
  readonly responses: Readonly<Record<number, RouteResponse>>;
  /** The answer to a request that is refused, as another system's contract has it; problem details by default. */
  readonly refuse?: (status: number, failure: Failure) => HttpReply | undefined;
}

/** A request before its parts are checked. */
export interface RawRequest extends Omit<RouteRequest<never, never>, 'query' | 'body'> {
  readonly query: Readonly<Record<string, string>>;
  /** The body as it was sent. */
  bytes(): Promise<Uint8Array>;
  /** Reads the body; undefined when it is empty. */
  json(): Promise<Json | undefined>;
}

/** A route that can be served. */
export interface HttpRoute extends RouteFacts {
  answer(request: RawRequest): Promise<HttpReply>;
}

/** The parts of a route that are typed by its schemas. */
export interface RouteWork<Query extends z.ZodType, Body extends z.ZodType> extends RouteFacts {
  readonly query?: Query;
  readonly body?: Body;
  /** Decides before query and body are read whether the request goes on; gives the answer when it does not. */
  admit?(request: RawRequest): Promise<HttpReply | undefined>;
  /** What an empty body means; without it the body must be there. */
  readonly whenEmpty?: Json;
  handle(request: RouteRequest<z.infer<Query>, z.infer<Body>>): Promise<HttpReply> | HttpReply;
}

/** Makes a route: query and body are checked by their schemas before `handle` sees them. */
export function route<Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined>({
  admit,
  whenEmpty,
  handle,
  ...facts
}: RouteWork<Query, Body>): HttpRoute {
  return {
    ...facts,
    async answer(request) {
      const refused = await admit?.(request);
      if (refused) return refused;
      // Without a schema the type is undefined, and so is the value.
      const query = (facts.query ? parsed(facts.query, request.query, 'The query') : undefined) as z.infer<Query>;
      const body = (
        facts.body ? parsed(facts.body, (await request.json()) ?? whenEmpty, 'The body') : undefined
      ) as z.infer<Body>;
      return handle({ ...request, query, body });
    },
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
  if (value === undefined)
    throw new TroupeError('invalid', `${what} is empty; JSON was expected.`, {
      data: { code: 'INVALID_JSON', offset: 0 },
    });
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TroupeError('invalid', `${what} does not fit: ${describeMismatch(result.error, value)}.`);
}
