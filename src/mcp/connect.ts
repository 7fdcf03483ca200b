/** Opens a connection to an MCP server with the client library, and turns its results and errors into ours. */
import type { Client, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../values/clock.ts';
import { contain } from '../values/contain.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import { loadOptional } from '../values/optional.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { ToolScope } from '../contracts/tool.ts';
import { cancelledError } from '../tools/timeout.ts';
import { errorContext, toServerError, serverError, type ErrorContext } from './errors.ts';
import { httpTransport } from './http.ts';
import type { Connect, McpConnection, McpConnectionEvents, ServerTool } from './keepAlive.ts';
import { listTools, noTimeout } from './listTools.ts';
import type { HttpAddress, ProgramAddress } from './address.ts';
import { callResult } from './callResult.ts';
import { schemaCheck, type SchemaCheck } from './outputSchema.ts';
import { mayBeOlder, sseTransport } from './sse.ts';
import type { McpTransport } from './connection.ts';

/** Which revisions of the protocol a client offers: see `McpOptions.protocol`. */
export type McpProtocol = 'auto' | 'legacy';

/** What else a connection needs. */
export interface ConnectorOptions {
  /** Sent as `config` when the connection is opened; nothing by default. */
  readonly config?: JsonObject;
  /** Texts that no message may contain, beside those in the address; none by default. */
  readonly secrets?: readonly string[];
}

/** A function that connects to one server. */
export function connector(
  address: ProgramAddress | HttpAddress,
  protocol: McpProtocol,
  clock: Clock,
  { config, secrets }: ConnectorOptions = {},
): Connect {
  const context = errorContext(address, secrets);
  const checkSchema = schemaCheck();

  return async (signal, watcher) => {
    const events = contained(address.name, watcher);
    // Loaded when first needed, because many programs use no server.
    const { Client, SseError } = await loadOptional(
      '@modelcontextprotocol/client',
      `Tool server "${context.server}" needs`,
      () => import('@modelcontextprotocol/client'),
    );

    async function open(mcpTransport: McpTransport, mode: McpProtocol): Promise<McpConnection> {
      const changed = { autoRefresh: false, debounceMs: 0, onChanged: () => events.changed() };
      if (config !== undefined) sendConfig(mcpTransport.transport, config);
      const client = new Client(
        { name: 'troupe', version: '0' },
        { versionNegotiation: { mode }, listChanged: { tools: changed } },
      );
      try {
        const connecting = client.connect(mcpTransport.transport, { signal, timeout: noTimeout });
        // The library does not always stop when the signal fires.
        await Promise.race([connecting, aborted(signal)]);
      } catch (error) {
        await closeBoth(client, mcpTransport);
        throw mcpTransport.failure ?? error;
      }
      const isStreamLost = (error: Error) => error instanceof SseError;
      return connectionOf(client, mcpTransport, { context, clock, checkSchema, events, isStreamLost });
    }

    try {
      if ('command' in address) {
        const { stdioTransport } = await import('./stdio.ts');
        return await open(await stdioTransport(address, clock, context, events.unreadable), protocol);
      }
      const { transport } = address;
      if (transport === 'sse') return await open(await sseTransport(address, context), 'legacy');
      return await open(await httpTransport(address, clock, context), protocol).catch(async (error: unknown) => {
        if (transport !== undefined || !mayBeOlder(error)) throw error;
        // The first refusal is told when the older transport does not work either.
        return open(await sseTransport(address, context), 'legacy').catch(() => Promise.reject(error));
      });
    } catch (error) {
      throw toServerError(context, 'connecting', error);
    }
  };
}

/** The library calls these while it reads from a stream: an error would end the reading, or the process. */
function contained(server: string, { changed, unreadable, lost }: McpConnectionEvents): McpConnectionEvents {
  const what = `What happened to the connection to tool server "${server}"`;
  return {
    changed: () => contain(what, changed),
    unreadable: (line) => contain(what, unreadable, line),
    lost: (failure) => contain(what, lost, failure),
  };
}

interface ConnectionParts {
  readonly context: ErrorContext;
  readonly clock: Clock;
  readonly checkSchema: SchemaCheck;
  readonly events: McpConnectionEvents;
  /** Is the stream of the older transport gone? */
  readonly isStreamLost: (error: Error) => boolean;
}

function connectionOf(
  client: Client,
  mcpTransport: McpTransport,
  { context, clock, checkSchema, events, isStreamLost }: ConnectionParts,
): McpConnection {
  let over = false;
  const lose = (error: TroupeError) => {
    if (over) return;
    over = true;
    events.lost(toFailure(error));
  };
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the library's client has nothing else
  client.onclose = () => lose(mcpTransport.failure ?? serverError(context, 'closed the connection.'));
  // The only sign that the stream of notices of an HTTP server is gone for good.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the same
  client.onerror = (error) => {
    if (isStreamLost(error) || /maximum reconnection attempts/i.test(error.message))
      lose(serverError(context, 'cannot be reached any more.'));
  };

  return {
    async list(signal) {
      try {
        return await listTools(client, context, clock, signal);
      } catch (error) {
        throw mcpTransport.failure ?? toServerError(context, 'listing', error);
      }
    },
    async call(tool, input, scope, sent) {
      const problem = await checkSchema(tool.input, input);
      if (problem) throw invalidInput(context, tool, problem);
      sent();
      try {
        return await callResult(context, tool, await request(client, tool, input, scope), checkSchema);
      } catch (error) {
        const failure = mcpTransport.failure ?? toServerError(context, 'calling', error);
        const isGone = mcpTransport.failure !== undefined || (failure.kind === 'environment' && failure.retryable);
        if (isGone && !scope.signal.aborted) lose(failure);
        throw failure;
      }
    },
    async [Symbol.asyncDispose]() {
      over = true;
      await closeBoth(client, mcpTransport);
    },
  };
}

const request = (client: Client, tool: ServerTool, input: JsonObject, scope: ToolScope) =>
  client.callTool(
    { name: tool.name, arguments: { ...input }, _meta: { 'troupe/key': scope.key } },
    {
      signal: scope.signal,
      timeout: noTimeout,
      // Notes of progress came over the wire as JSON; the library's type has an open index.
      onprogress: (note) => scope.progress(note as unknown as Json),
      // Without its output schema, which we check ourselves and compile only once.
      toolDefinition: { name: tool.name, inputSchema: { ...tool.input, type: 'object' } },
    },
  );

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(cancelledError(signal));
    signal.addEventListener('abort', () => reject(cancelledError(signal)), { once: true });
  });

/** Closes the transport first: it ends the session, which the library's client does not. */
async function closeBoth(client: Client, mcpTransport: McpTransport): Promise<void> {
  await mcpTransport.close().catch(() => {});
  await client.close().catch(() => {});
}

/** The library has no place for it. */
function sendConfig(transport: Transport, config: JsonObject): void {
  const send = transport.send.bind(transport);
  transport.send = (message, options) =>
    send(
      'method' in message && message.method === 'initialize'
        ? { ...message, params: { ...message.params, config } }
        : message,
      options,
    );
}

/** The failure of a call whose input does not fit. */
export const invalidInput = ({ server }: ErrorContext, tool: ServerTool, problem: string) =>
  new TroupeError(
    'invalid',
    `Tool "${tool.name}" of "${server}" was called with input that does not fit: ${problem}. Call it again with input that fits its schema.`,
    { data: { server, tool: tool.name, sent: false } },
  );
