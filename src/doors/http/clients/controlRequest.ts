/** One operation as an HTTP request, and its refusal as the error that the server threw. */
import * as z from 'zod';
import { operations, type OperationName } from '../../../contracts/client/operations/operations.ts';
import { reasonOf } from '../../../values/cause.ts';
import { describeMismatch } from '../../../values/explain.ts';
import { Failure, TroupeError, toFailure } from '../../../values/failure.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import type { ClientOptions } from './exchange.ts';
import { isWebUrl } from './webUrl.ts';

/** How the request is sent, and what ends it. Without a timeout it may take as long as it takes. */
interface ControlRequestOptions extends ClientOptions {
  readonly signal?: AbortSignal;
}

/** Asks; resolves to an answer with a status below 300. */
export async function controlRequest(
  url: string,
  name: OperationName,
  input: JsonObject,
  { token, headers, timeout, signal, fetch: send = fetch }: ControlRequestOptions,
): Promise<Response> {
  if (!isWebUrl(url))
    throw new TroupeError('definition', 'The server needs a URL of http or https without a user name.');
  const { method, path } = operations[name].http;
  requireFitting(operations[name].input, input);
  const { target, rest } = addressed(path, input);
  const hasBody = method === 'POST' || method === 'PUT';
  const query = hasBody ? '' : queryOf(rest);
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  const stops = [signal, late].filter((each) => each !== undefined);
  let response: Response;
  try {
    response = await send(`${url.replace(/\/+$/, '')}${target}${query}`, {
      method,
      headers: {
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(hasBody ? { body: JSON.stringify(rest) } : {}),
      redirect: 'manual',
      ...(stops.length > 0 ? { signal: AbortSignal.any(stops) } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw new TroupeError('cancelled', 'The server is not asked any longer.', { cause });
    if (late?.aborted) throw new TroupeError('timeout', `The server did not answer within ${timeout} ms.`, { cause });
    const { kind } = toFailure(cause);
    throw new TroupeError(
      kind === 'internal' ? 'transient' : kind,
      `The server cannot be reached: ${reasonOf(cause)}. Check its URL.`,
      { cause },
    );
  }
  if (response.status < 300) return response;
  throw refusal(response, await response.text().catch(() => ''));
}

/** What the server would refuse is not sent: an empty id would even be another path. */
function requireFitting(schema: z.ZodType, input: JsonObject): void {
  const { error } = schema.safeParse(input);
  if (error) throw new TroupeError('invalid', `The input does not fit: ${describeMismatch(error, input)}.`);
}

/** The path with its parts, each of them escaped, and the fields that are not in it. */
function addressed(path: string, input: JsonObject): { readonly target: string; readonly rest: JsonObject } {
  const rest: Record<string, Json> = { ...input };
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const given = rest[name];
    // The fields of paths are texts and numbers; the schema has said so.
    const part = typeof given === 'number' ? String(given) : typeof given === 'string' ? given : '';
    delete rest[name];
    // They would be taken for folders of the path, escaped or not.
    if (part === '.' || part === '..') throw new TroupeError('invalid', `"${name}" cannot be ${JSON.stringify(part)}.`);
    return encodeURIComponent(part);
  });
  return { target, rest };
}

function queryOf(fields: JsonObject): string {
  const given = Object.entries<Json | undefined>(fields).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[name, String(value)]] : [],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

const Problem = z.object({ kind: Failure.shape.kind, detail: z.string(), retryable: z.boolean() });

function refusal({ status, headers }: Response, text: string): TroupeError {
  const problem = Problem.safeParse(jsonIn(text)).data;
  const seconds = Number(headers.get('retry-after') ?? NaN);
  const retryAfter = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
  if (problem) return new TroupeError(problem.kind, problem.detail, { retryable: problem.retryable, retryAfter });
  const kind =
    status === 401 ? 'auth' : status === 403 ? 'denied' : status >= 500 || status === 429 ? 'transient' : 'format';
  return new TroupeError(
    kind,
    `The server answered ${status}: ${text.trim().slice(0, 300)}. Check that the URL is that of a control server.`,
    {
      data: { status },
      retryAfter,
    },
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
