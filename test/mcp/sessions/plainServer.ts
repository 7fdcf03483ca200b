/** Tool servers over plain HTTP, as small programs have them: JSON-RPC by POST without a greeting; and, where a test wants it, the stream of the older transport. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message that the server was sent. */
export interface Sent {
  readonly id: number | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
}

/** How the server behaves. */
export interface Conduct {
  /** The stream of the older transport. `wait`: it is not named before `name` is called. None by default: GET is answered with 404. */
  readonly stream?: 'absolute' | 'relative' | 'bare' | 'wait' | 'elsewhere';
  /** Answers come on the stream, with status 202. */
  readonly later?: boolean;
  /** The result of tools/call. */
  readonly result?: (name: string, args: unknown) => unknown;
  /** Instead of an answer; false: it is answered as usual. */
  readonly instead?: (sent: Sent, response: ServerResponse, count: number) => boolean;
  readonly tools?: () => readonly string[];
}

/** A running server. */
export interface PlainServer extends AsyncDisposable {
  readonly url: string;
  readonly sent: Sent[];
  /** The methods that it was sent, in order. */
  readonly methods: readonly string[];
  /** The headers of each request for a stream, and its address. */
  readonly streams: { readonly headers: IncomingMessage['headers']; readonly url: string }[];
  /** Names the address for messages on all streams. */
  name(): void;
  /** Ends all streams. */
  hangUp(): void;
}

/** Starts a server on a free port of this machine. */
export async function plainServer(conduct: Conduct = {}): Promise<PlainServer> {
  const sent: Sent[] = [];
  const streams: PlainServer['streams'] = [];
  const open = new Set<ServerResponse>();
  let port = 0;
  const { tools = () => ['kv_get', 'kv_set'], result = (_, args) => echo(args) } = conduct;
  const endpoints = {
    absolute: () => `event: endpoint\ndata: http://127.0.0.1:${port}/messages?s=1\n\n`,
    relative: () => 'event: endpoint\ndata: /messages?s=1\n\n',
    bare: () => `data: http://127.0.0.1:${port}/messages?s=1\n\n`,
    wait: () => '',
    elsewhere: () => 'event: endpoint\ndata: http://elsewhere.example/messages\n\n',
  };

  const server = createServer((request, response) => {
    const url = request.url ?? '';
    if (request.method === 'GET') {
      streams.push({ headers: request.headers, url });
      if (conduct.stream === undefined) return response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      open.add(response);
      response.once('close', () => open.delete(response));
      response.flushHeaders();
      return response.write(endpoints[conduct.stream]() || ': hello\n\n');
    }
    return void bodyOf(request).then((text) => answer(request, response, text));
  });

  function answer(request: IncomingMessage, response: ServerResponse, text: string): void {
    // What our client sends is JSON-RPC.
    const { id, method, params: given } = JSON.parse(text) as Partial<Sent> & { method: string };
    const params = given ?? {};
    const message: Sent = { id, method, params, headers: request.headers, url: request.url ?? '' };
    sent.push(message);
    if (conduct.instead?.(message, response, sent.filter((one) => one.method === method).length)) return;
    if (id === undefined) return void response.writeHead(202).end();
    const made =
      method === 'tools/list'
        ? { tools: tools().map((name) => ({ name, description: `d ${name}`, inputSchema: { type: 'object' } })) }
        : method === 'tools/call'
          ? result(String(params['name']), params['arguments'])
          : {};
    const reply = JSON.stringify({ jsonrpc: '2.0', id, result: made });
    if (!conduct.later) return void response.writeHead(200, { 'content-type': 'application/json' }).end(reply);
    response.writeHead(202).end('Accepted');
    for (const stream of open) stream.write(`event: message\ndata: ${reply}\n\n`);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address with a port.
  ({ port } = server.address() as AddressInfo);
  return {
    url: `http://127.0.0.1:${port}`,
    sent,
    streams,
    get methods() {
      return sent.map(({ method }) => method);
    },
    name() {
      for (const stream of open) stream.write(endpoints.absolute());
    },
    hangUp() {
      for (const stream of open) stream.end();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a tool gives that repeats its arguments. */
export const echo = (args: unknown) => ({ content: [{ type: 'text', text: JSON.stringify({ echo: args }) }] });

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
