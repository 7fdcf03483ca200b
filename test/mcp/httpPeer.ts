/** The test server over Streamable HTTP, in this process, on a free port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { makeServer, makeWorld } from './peer.mjs';

export interface HttpPeer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The headers of each request. */
  readonly headers: Record<string, unknown>[];
  /** Answers every request with this status from now on. */
  refuse(status: number | undefined): void;
  /** Breaks off the running answers, and nothing else. */
  cut(): void;
  /** Closes all connections and deletes all sessions; new ones are accepted. */
  restart(): void;
}

type Conduct = 'contract' | 'odd';
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export async function httpPeer({
  conduct = 'contract',
  answer,
}: { conduct?: Conduct; answer?: Answer } = {}): Promise<HttpPeer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const headers: HttpPeer['headers'] = [];
  const answering = new Set<ServerResponse>();
  const world = makeWorld();
  let status: number | undefined;

  async function serve(request: IncomingMessage, response: ServerResponse) {
    headers.push(request.headers);
    if (request.method === 'POST') {
      answering.add(response);
      response.once('close', () => answering.delete(response));
    }
    if (status !== undefined) return response.writeHead(status).end('no');
    if (answer) return answer(request, response);
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (typeof id === 'string' && !known) return response.writeHead(404).end('no such session');
    return (known ?? (await open())).handleRequest(request, response);
  }
  async function open() {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await makeServer(conduct, world).connect(transport);
    return transport;
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    headers,
    refuse: (next) => void (status = next),
    cut() {
      for (const response of answering) response.destroy();
    },
    restart() {
      sessions.clear();
      server.closeAllConnections();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
