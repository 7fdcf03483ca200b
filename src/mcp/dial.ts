/** Opens a connection to a server with the MCP client library, and speaks for it in our words. */
import type { Client, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import { within } from '../tools/within.ts';
import { classify, environment, type Blame } from './failure.ts';
import { httpOptions } from './http.ts';
import type { Dial, Link, ServerTool } from './link.ts';
import { listTools, untimed } from './list.ts';
import { secretsOf, type HttpPlace, type ProgramPlace } from './place.ts';
import { toResult } from './result.ts';
import { schemaChecker } from './schema.ts';
import { StdioTransport } from './stdio.ts';

/** Milliseconds for the goodbye to an HTTP server. */
const farewell = 1_000;

export type Protocol = 'auto' | 'legacy';

export function dialer(place: ProgramPlace | HttpPlace, protocol: Protocol, clock: Clock): Dial {
  const blame: Blame = { server: place.name, secrets: secretsOf(place) };
  const misfit = schemaChecker();

  return async (signal, events) => {
    // Loaded when first needed: those who use no server do not pay for it.
    const { Client, StreamableHTTPClientTransport, parseJSONRPCMessage } = await import('@modelcontextprotocol/client');
    const stdio = 'command' in place ? new StdioTransport(place, clock, blame, parseJSONRPCMessage) : undefined;
    const http =
      'url' in place
        ? new StreamableHTTPClientTransport(new URL(place.url), httpOptions(place, clock, blame))
        : undefined;
    const transport = (stdio ?? http) as Transport;
    const client: Client = new Client(
      { name: 'troupe', version: '0' },
      {
        versionNegotiation: { mode: protocol },
        listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => events.changed() } },
      },
    );

    let over = false;
    const lose = (error: TroupeError) => {
      if (over) return;
      over = true;
      events.lost(toFailure(error));
    };
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the library's client has nothing else
    client.onclose = () => lose(asTroupe(stdio?.failure) ?? environment(blame, 'closed the connection.'));
    // The only sign that the stream of notices of an HTTP server is gone for good.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the same
    client.onerror = (error) => {
      if (/maximum reconnection attempts/i.test(error.message)) lose(environment(blame, 'cannot be reached any more.'));
    };

    async function close(): Promise<void> {
      over = true;
      if (http?.sessionId) {
        const late = () => new TroupeError('timeout', 'The server did not say goodbye.');
        const alone = new AbortController();
        await within({ clock, timeout: farewell, signal: alone.signal, late }, () => http.terminateSession()).catch(
          () => {},
        );
      }
      await client.close().catch(() => {});
      await transport.close().catch(() => {});
    }

    try {
      await client.connect(transport, { signal, timeout: untimed });
    } catch (error) {
      await close();
      throw asTroupe(stdio?.failure) ?? classify(blame, 'connecting', error);
    }

    return {
      async list(signal) {
        try {
          return await listTools(client, blame, signal);
        } catch (error) {
          throw asTroupe(stdio?.failure) ?? classify(blame, 'listing', error);
        }
      },
      async call(tool, input, scope, sent) {
        const problem = await misfit(tool.input, input);
        if (problem) {
          throw new TroupeError(
            'invalid',
            `Tool "${tool.name}" of "${blame.server}" was called with input that does not fit: ${problem}. Call it again with input that fits its schema.`,
            { data: { server: blame.server, tool: tool.name } },
          );
        }
        sent();
        try {
          return await toResult(blame, tool, await request(client, blame, tool, input, scope), misfit);
        } catch (error) {
          const failure = asTroupe(stdio?.failure) ?? classify(blame, 'calling', error);
          if (http && failure.kind === 'environment' && failure.retryable && !scope.signal.aborted) lose(failure);
          throw failure;
        }
      },
      [Symbol.asyncDispose]: close,
    } satisfies Link;
  };
}

type Scope = Parameters<Link['call']>[2];

function request(client: Client, blame: Blame, tool: ServerTool, input: Json, scope: Scope) {
  return new Promise<Awaited<ReturnType<Client['callTool']>>>((resolve, reject) => {
    const params = { name: tool.name, arguments: input as Record<string, unknown>, _meta: { 'troupe/key': scope.key } };
    const cut = environment(blame, `dropped the connection while it worked on "${tool.name}".`);
    client
      .callTool(params, {
        signal: scope.signal,
        timeout: untimed,
        onprogress: (note) => scope.progress(note as unknown as Json),
        // Without its output schema, which we check ourselves and compile only once.
        toolDefinition: { name: tool.name, inputSchema: tool.input as { type: 'object' } },
        // Also comes after an answer; that is settled by then.
        onRequestStreamEnd: () => void setImmediate(() => reject(cut)),
      })
      .then(resolve, reject);
  });
}

const asTroupe = (error: unknown): TroupeError | undefined => (error instanceof TroupeError ? error : undefined);
