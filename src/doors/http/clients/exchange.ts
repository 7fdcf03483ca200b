/** One request of a component to another, with limits of its time and of the answer's size. */
import { TroupeError, toFailure } from '../../../values/failure.ts';
import { reasonOf } from '../../../values/cause.ts';
import type { Json } from '../../../values/json.ts';
import { retryAfterOf } from '../../../values/retryAfter.ts';
import { defaultBodyLimit } from '../base/body.ts';
import { jsonFrom } from '../base/jsonText.ts';
import { isWebUrl } from './webUrl.ts';

/** Where a component is, and how it is asked. */
export interface ClientOptions {
  /** Sent as `Authorization: Bearer`; nothing by default. */
  readonly token?: string;
  /** Sent with every request; none by default. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a request may take, in milliseconds. Each client has its own default. */
  readonly timeout?: number;
  /** The `fetch` of the process by default. */
  readonly fetch?: typeof fetch;
}

/** What is asked. */
export interface Exchange extends ClientOptions {
  readonly url: string;
  /** Names the other side in errors, at the beginning of a sentence: `The runtime`. */
  readonly who: string;
  readonly timeout: number;
  /** Sent as JSON with POST; without it the request is a GET. */
  readonly body?: Json;
  readonly signal?: AbortSignal;
}

/** An answer, whatever its status. */
export interface ExchangeAnswer {
  readonly status: number;
  /** The body as JSON; undefined when it is none. */
  readonly json: Json | undefined;
  /** The body as text, at most its first 2,000 characters. */
  readonly text: string;
  /** What the other side asks to wait, in milliseconds; undefined when it says nothing. */
  readonly retryAfter: number | undefined;
  readonly headers: Headers;
}

/** Asks, without following redirects. Rejects with `transient` when there is no connection, `timeout`, `cancelled`, or `definition` for a URL that is none. */
export async function exchange(request: Exchange): Promise<ExchangeAnswer> {
  const { url, who, timeout, body, token, headers = {}, signal, fetch: send = fetch } = request;
  if (!isWebUrl(url)) throw new TroupeError('definition', `${who} needs a URL of http or https without a user name.`);
  const late = AbortSignal.timeout(timeout);
  const stop = signal ? AbortSignal.any([signal, late]) : late;
  try {
    const response = await send(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: stop,
    });
    const bytes = await bytesOf(response, who);
    return {
      status: response.status,
      json: jsonIn(bytes),
      text: new TextDecoder().decode(bytes.subarray(0, 8_000)).slice(0, 2_000),
      retryAfter: retryAfterOf(Object.fromEntries(response.headers)),
      headers: response.headers,
    };
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause;
    if (signal?.aborted) throw new TroupeError('cancelled', `${who} is not asked any longer.`, { cause });
    if (late.aborted) throw new TroupeError('timeout', `${who} did not answer within ${timeout} ms.`, { cause });
    const { kind, data } = toFailure(cause);
    throw new TroupeError(kind === 'internal' ? 'transient' : kind, `${who} cannot be reached: ${reasonOf(cause)}.`, {
      cause,
      data,
    });
  }
}

async function bytesOf(response: Response, who: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > defaultBodyLimit)
      throw new TroupeError('invalid', `${who} answered more than the ${defaultBodyLimit} bytes that are accepted.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonIn(bytes: Uint8Array): Json | undefined {
  try {
    return jsonFrom(bytes, 'The answer');
  } catch {
    return undefined;
  }
}
