/**
 * A client for servers that the library does not know: JSON-RPC by POST, without a greeting; with the stream of the older transport where a server has one.
 * A server that answers 400 or 401 has forgotten the session: the handshake is made again, and the request once more.
 */
import type { Clock } from '../../values/clock.ts';
import { contain } from '../../values/contain.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import { TroupeError } from '../../values/failure.ts';
import { withTimeout } from '../../tools/timeout.ts';
import { streamEnded } from '../certainty.ts';
import type { ServerEvent } from './eventStream.ts';
import { handshake, type Handshake } from './handshake.ts';
import { readableMessages, resultIn, statusError } from './postAnswer.ts';
import { openAnswer, unreadableAnswer, type OpenAnswer, type RpcMessage } from './rpc.ts';

/** The revision of the older transport. */
const olderRevision = '2024-11-05';
/** How long ending the session may take; milliseconds. */
const sessionEndPatience = 1_000;

/** How the server is reached. */
export interface PostClientOptions {
  readonly base: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly persistentId?: string | undefined;
  /** Sent as `config` when the connection is opened; without one it is not greeted. */
  readonly config?: JsonObject | undefined;
  /** `never`: no stream is looked for. `always`: there must be one. By default one is looked for. */
  readonly stream?: 'never' | 'always' | undefined;
  readonly clock: Clock;
  readonly send: (to: URL, init: RequestInit) => Promise<Response>;
  /** Called when the server says that its list of tools has changed. */
  readonly changed: () => void;
}

/** A client of one server. */
export interface PostClient extends AsyncDisposable {
  /** Whether the server has the stream of the older transport; undefined until that is known. */
  readonly hasStream: boolean | undefined;
  /** Sends a request, and gives its result. */
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<Json>;
  /** Greets the server, as the protocol asks for: some servers do without. */
  greet(signal: AbortSignal): Promise<void>;
}

type OpenStream = Extract<Handshake, { is: 'open' }>;

let lastId = 0;

/** A client that connects when it first sends. */
export function postClient(options: PostClientOptions): PostClient {
  const { base, clock, send, config, persistentId } = options;
  let hasStream = options.stream === 'never' ? false : undefined;
  let stream: OpenStream | undefined;
  let opened = false;
  let greeting = config !== undefined;
  let session: string | undefined;
  let revision = olderRevision;
  let opening: Promise<void> | undefined;
  const waiting = new Map<string, OpenAnswer>();

  async function open(signal: AbortSignal): Promise<void> {
    if (hasStream !== false && !stream) {
      const made = await handshake({ base, headers: options.headers, persistentId, clock, send }, signal);
      if (made.is === 'open') {
        stream = made;
        void pump(made);
      } else if (made.is === 'failed' && (options.stream === 'always' || hasStream)) throw made.error;
      else if (options.stream === 'always')
        throw new Error('it does not open the stream of events of the older transport');
      if (made.is !== 'failed') hasStream = made.is === 'open';
    }
    if (greeting) await greet(signal);
    opened = true;
  }

  const ensureOpen = (signal: AbortSignal): Promise<void> => {
    if (opened && (stream || !hasStream)) return Promise.resolve();
    return (opening ??= open(signal).finally(() => (opening = undefined)));
  };

  async function pump(from: OpenStream): Promise<void> {
    try {
      for await (const event of from.events) contain('An event of a tool server', take, event);
    } catch {
      // It ends in the same way as a stream that ends by itself.
    }
    if (stream === from) forget();
  }

  function take({ data }: ServerEvent): void {
    for (const message of readableMessages(data)) {
      if (message.is === 'result') waiting.get(message.id)?.resolve(message.result);
      else if (message.is === 'error') waiting.get(message.id)?.reject(message.error);
      else if (message.is === 'request') void reply(message);
      else if (message.method === 'notifications/tools/list_changed') options.changed();
    }
  }

  /** A server may ask whether we are there; it may ask for nothing else. */
  async function reply({ id, method }: Extract<RpcMessage, { is: 'request' }>): Promise<void> {
    const answer =
      method === 'ping' ? { result: {} } : { error: { code: -32_601, message: 'This client does not do that.' } };
    await post({ jsonrpc: '2.0', id, ...answer }, new AbortController().signal).catch(() => {});
  }

  function forget(): void {
    const old = stream;
    stream = undefined;
    opened = false;
    session = undefined;
    old?.close();
    const error = Object.assign(new Error('the stream of events ended before the answer'), { code: streamEnded });
    for (const each of waiting.values()) each.reject(error);
  }

  async function post(message: JsonObject, signal: AbortSignal): Promise<Response> {
    const response = await send(stream?.target ?? base, {
      method: 'POST',
      headers: {
        ...options.headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': revision,
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
      },
      body: JSON.stringify(message),
      signal,
    });
    session = response.headers.get('mcp-session-id') ?? session;
    return response;
  }

  async function ask(method: string, params: JsonObject, signal: AbortSignal): Promise<Json> {
    const id = ++lastId;
    const answer = openAnswer();
    const key = String(id);
    waiting.set(key, answer);
    const onAbort = () => {
      answer.reject(signal.reason);
      void post(
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } },
        new AbortController().signal,
      )
        .then((response) => response.body?.cancel())
        .catch(() => {});
    };
    const answersOn = stream;
    try {
      const response = await post({ jsonrpc: '2.0', id, method, params }, signal);
      if (!response.ok) throw await statusError(response);
      const found = await resultIn(response, key);
      if (found) return found.result;
      if (!answersOn) throw unreadableAnswer(`its answer to ${method} is empty`);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      return await answer.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      waiting.delete(key);
    }
  }

  async function greet(signal: AbortSignal): Promise<void> {
    greeting = true;
    const client = { protocolVersion: olderRevision, capabilities: {}, clientInfo: { name: 'troupe', version: '0' } };
    const result = await ask('initialize', { ...client, ...(config === undefined ? {} : { config }) }, signal);
    const { protocolVersion } = propertiesOf(result);
    // A server that does not name a revision answers everything, and knows no greeting.
    if (typeof protocolVersion !== 'string') return;
    revision = protocolVersion;
    const response = await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, signal);
    await response.body?.cancel();
  }

  return {
    get hasStream() {
      return hasStream;
    },
    async request(method, params, signal) {
      await ensureOpen(signal);
      const [usedStream, usedSession] = [stream, session];
      try {
        return await ask(method, params, signal);
      } catch (error) {
        const { status } = propertiesOf(propertiesOf(error)['data']);
        if ((usedStream ?? usedSession) === undefined || (status !== 400 && status !== 401)) throw error;
        // Another request may have made the handshake meanwhile.
        if (stream === usedStream && session === usedSession) forget();
        await ensureOpen(signal);
        return ask(method, params, signal);
      }
    },
    async greet(signal) {
      await ensureOpen(signal);
      if (!greeting) await greet(signal);
    },
    async [Symbol.asyncDispose]() {
      const ended = session;
      forget();
      if (ended === undefined) return;
      const headers = { ...options.headers, 'mcp-session-id': ended };
      const late = () => new TroupeError('timeout', 'The server did not say goodbye.');
      await withTimeout({ clock, timeout: sessionEndPatience, signal: new AbortController().signal, late }, (signal) =>
        send(base, { method: 'DELETE', headers, signal }).then((response) => response.body?.cancel()),
      ).catch(() => {});
    },
  };
}
