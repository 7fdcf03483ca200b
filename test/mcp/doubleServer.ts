/** A server over Streamable HTTP that is written by hand: it says what no library would, as servers of other people do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from 'troupe';

/** A request in JSON-RPC. */
export interface Rpc {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: JsonObject;
}

/** What it answers to the call of a tool: a result, an error of JSON-RPC, or its own way with the response. */
export type CallAnswer =
  | { readonly result: Json }
  | { readonly error: JsonObject }
  | {
      readonly status: number;
      readonly body: string;
      readonly type?: string;
      readonly headers?: Record<string, string>;
    }
  | 'cut';

export interface DoubleServer extends AsyncDisposable {
  readonly url: string;
  /** The methods that were asked for, and `initialize` with the number of the session. */
  readonly log: string[];
  /** The calls that were carried out. */
  readonly calls: JsonObject[];
  /** Forgets all sessions. */
  forget(): void;
}

export interface DoubleOptions {
  /** The result of `tools/list`, by its cursor. */
  readonly list: Json | ((cursor: unknown) => Json);
  /** Answers a call; `{ content: [] }` by default. */
  readonly call?: (params: JsonObject, id: number | string) => CallAnswer;
  /** How a session that is not known is refused: 404 by default. */
  readonly refusal?: { readonly status: number; readonly body: JsonObject };
}

const notFound = {
  status: 404,
  body: { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } },
};

export async function doubleServer({ list, call, refusal = notFound }: DoubleOptions): Promise<DoubleServer> {
  const log: string[] = [];
  const calls: JsonObject[] = [];
  const sessions = new Set<string>();
  let count = 0;

  function answer(request: IncomingMessage, response: ServerResponse, message: Rpc): void {
    const say = (status: number, body?: Json, headers = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(body === undefined ? '' : JSON.stringify(body));
    const result = (value: Json, headers = {}) =>
      say(200, { jsonrpc: '2.0', id: message.id ?? null, result: value }, headers);
    if (request.method !== 'POST') return say(request.method === 'DELETE' ? 200 : 405);
    if (message.method === 'initialize') {
      const session = `s${++count}`;
      sessions.add(session);
      log.push(`initialize ${session}`);
      const protocolVersion = message.params?.['protocolVersion'] ?? '2025-06-18';
      return result(
        { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'double', version: '1' } },
        { 'mcp-session-id': session },
      );
    }
    const session = request.headers['mcp-session-id'];
    if (typeof session !== 'string' || !sessions.has(session)) {
      log.push(`${message.method} refused`);
      return say(refusal.status, refusal.body);
    }
    log.push(message.method ?? '');
    if (message.id === undefined) return say(202);
    if (message.method === 'tools/list')
      return result(typeof list === 'function' ? list(message.params?.['cursor']) : list);
    if (message.method !== 'tools/call')
      return say(200, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } });
    const params = message.params ?? {};
    const given = call?.(params, message.id) ?? { result: { content: [] } };
    if (given === 'cut' || !('status' in given) || given.status >= 500 || given.status < 400) calls.push(params);
    if (given === 'cut') return void response.destroy();
    if ('status' in given)
      return void response
        .writeHead(given.status, { 'content-type': given.type ?? 'application/json', ...given.headers })
        .end(given.body);
    return 'error' in given ? say(200, { jsonrpc: '2.0', id: message.id, error: given.error }) : result(given.result);
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      answer(request, response, text === '' ? {} : (JSON.parse(text) as Rpc));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    log,
    calls,
    forget: () => sessions.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
