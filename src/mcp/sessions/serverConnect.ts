/**
 * Connects to a tool server of any age by its URL: the older transport where the server has its stream, else plain POST, else the client library.
 * What a server turned out to be is remembered, so that a connection that was lost is opened again without probing.
 */
import type { CallToolResult } from '@modelcontextprotocol/client';
import type { Clock } from '../../values/clock.ts';
import { contain } from '../../values/contain.ts';
import { toFailure } from '../../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';
import { sameOriginFetch } from '../../security/sameOrigin.ts';
import { requestOf, type HttpAddress } from '../address.ts';
import { boundedFetch, tooLarge } from '../boundedFetch.ts';
import { callResult } from '../callResult.ts';
import { httpStatusOf } from '../certainty.ts';
import { connector, invalidInput } from '../connect.ts';
import { errorContext, toServerError, type ErrorContext } from '../errors.ts';
import type { Connect, McpConnection, McpConnectionEvents, ToolList } from '../keepAlive.ts';
import { listPages, ToolPage } from '../listTools.ts';
import { schemaCheck, type SchemaCheck } from '../outputSchema.ts';
import { postClient, type PostClient } from './postClient.ts';
import { unreadableAnswer } from './rpc.ts';

/** What a connection is opened with. */
export interface ServerConnectOptions {
  readonly clock: Clock;
  readonly config?: JsonObject | undefined;
  readonly persistentId?: string | undefined;
  /** Texts that no message may contain, beside those in the address. */
  readonly secrets: readonly string[];
  /** What is known of the stream of the older transport, by address: it outlives the connection. */
  readonly streams: StreamMemory;
  /** Called with a function that looks whether the tools have changed, when the server may not tell that by itself. */
  readonly onPlain: (look: (signal: AbortSignal) => Promise<void>) => void;
}

/** Remembers which addresses have no stream of the older transport: to find that out may take ten seconds. */
export interface StreamMemory {
  hasNone(url: string): boolean;
  none(url: string): void;
}

/** The most addresses that are remembered. */
const maxRemembered = 1_000;

/** A memory for the sessions of one process. */
export function streamMemory(): StreamMemory {
  const known = new Set<string>();
  return {
    hasNone: (url) => known.has(url),
    none(url) {
      if (known.size >= maxRemembered) known.clear();
      known.add(url);
    },
  };
}

/** A function that connects to the server at a URL. */
export function serverConnect(address: HttpAddress, options: ServerConnectOptions): Connect {
  const { clock, config, persistentId, secrets, streams, onPlain } = options;
  const context = errorContext(address, secrets);
  const byLibrary = connector(address, 'auto', clock, { secrets, ...(config === undefined ? {} : { config }) });
  if (address.transport === 'http') return byLibrary;
  const checkSchema = schemaCheck();
  const { url, headers } = requestOf(address);
  let isForLibrary = false;

  return async (signal, events) => {
    if (isForLibrary) return byLibrary(signal, events);
    const changed = () => contain(`The change of the tools of "${address.name}"`, events.changed);
    const client = postClient({
      base: url,
      headers,
      persistentId,
      config,
      clock,
      stream: address.transport === 'sse' ? 'always' : streams.hasNone(address.url) ? 'never' : undefined,
      send: sameOriginFetch(boundedFetch(() => tooLarge(context))),
      changed,
    });
    const list = (within: AbortSignal): Promise<ToolList> =>
      listPages(context, async (params) => pageOf(await client.request('tools/list', params, within)));
    try {
      const first = await list(signal).catch(async (error: unknown) => {
        if (!client.hasStream || !isRefusedBeforeGreeting(error)) throw error;
        await client.greet(signal);
        return list(signal);
      });
      let last = JSON.stringify(first);
      onPlain(async (within) => {
        const now = JSON.stringify(await list(within));
        if (now !== last) changed();
        last = now;
      });
      return connectionOf(client, { first, list, context, checkSchema, events });
    } catch (error) {
      await client[Symbol.asyncDispose]();
      // A server with sessions refuses a request without one.
      if (signal.aborted || client.hasStream || address.transport === 'sse' || !isRefusedBeforeGreeting(error))
        throw toServerError(context, 'connecting', error);
      const connection = await byLibrary(signal, events).catch(() => {
        throw toServerError(context, 'connecting', error);
      });
      isForLibrary = true;
      return connection;
    } finally {
      if (client.hasStream === false) streams.none(address.url);
    }
  };
}

/** The server has answered, and not as one does that needs no greeting. */
function isRefusedBeforeGreeting(error: unknown): boolean {
  const status = httpStatusOf(error);
  if (status !== undefined) return status >= 400 && status < 500 && ![401, 403, 429].includes(status);
  return typeof propertiesOf(error)['code'] === 'number' || propertiesOf(error)['code'] === 'INVALID_RESULT';
}

function pageOf(result: Json) {
  const parsed = ToolPage.safeParse(result);
  if (parsed.success) return parsed.data;
  throw unreadableAnswer('its answer to tools/list is no list of tools');
}

interface Parts {
  /** The list that was asked for when the connection was opened. */
  readonly first: ToolList;
  list(signal: AbortSignal): Promise<ToolList>;
  readonly context: ErrorContext;
  readonly checkSchema: SchemaCheck;
  readonly events: McpConnectionEvents;
}

function connectionOf(client: PostClient, { first, list, context, checkSchema, events }: Parts): McpConnection {
  let fresh: ToolList | undefined = first;
  let over = false;
  return {
    async list(signal) {
      const known = fresh;
      fresh = undefined;
      if (known) return known;
      return list(signal).catch((error: unknown) => {
        throw toServerError(context, 'listing', error);
      });
    },
    async call(tool, input, scope, sent) {
      const problem = await checkSchema(tool.input, input);
      if (problem) throw invalidInput(context, tool, problem);
      sent();
      try {
        const result = await client.request('tools/call', { name: tool.name, arguments: input }, scope.signal);
        return await callResult(context, tool, readResult(result), checkSchema);
      } catch (error) {
        const failure = toServerError(context, 'calling', error);
        const isGone = failure.kind === 'environment' && failure.retryable && !scope.signal.aborted;
        if (isGone && !over) {
          over = true;
          contain(`The end of the connection to "${context.server}"`, events.lost, toFailure(failure));
        }
        throw failure;
      }
    },
    async [Symbol.asyncDispose]() {
      over = true;
      await client[Symbol.asyncDispose]();
    },
  };
}

/** Only the frame is required: an older server may know kinds of content that the library does not. */
function readResult(result: Json): CallToolResult {
  const { content = [] } = isJsonObject(result) ? result : {};
  const isRead =
    isJsonObject(result) &&
    Array.isArray(content) &&
    content.every((part) => isJsonObject(part) && (part.type !== 'text' || typeof part.text === 'string'));
  if (!isRead) throw unreadableAnswer('its answer to tools/call is no result of a tool');
  // Checked as far as it is read.
  return { ...result, content } as unknown as CallToolResult;
}
