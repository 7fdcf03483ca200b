/** What the recorded projects talk to, on free ports of this machine: a model that plays the script in its system prompt, two tool servers, and a receiver of webhooks. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to the model, in the wire format of OpenAI. */
export interface ModelCall {
  readonly model: string;
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

/** A webhook that arrived. */
export interface HookCall {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** A request to a tool server. */
export interface ToolServerCall {
  readonly server: 'A' | 'B';
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
}

/** The doubles. The lists hold what they were sent, in order. */
export interface Doubles extends AsyncDisposable {
  /** The ports that stand for those of the recorded files. */
  readonly ports: Readonly<Record<'6160' | '6161' | '6162' | '6163', number>>;
  readonly models: ModelCall[];
  readonly hooks: HookCall[];
  readonly tools: ToolServerCall[];
  /** Forgets everything. */
  clear(): void;
}

/** One reply of a script. */
interface Scripted {
  readonly content?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  readonly status?: number;
  readonly error?: unknown;
  readonly in?: number;
  readonly out?: number;
  /** Another reply when the user message has this text in it. */
  readonly byUser?: Readonly<Record<string, Scripted>>;
}

/** Starts the doubles. */
export async function startDoubles(): Promise<Doubles> {
  const models: ModelCall[] = [];
  const hooks: HookCall[] = [];
  const tools: ToolServerCall[] = [];
  const turns = new Map<string, number>();
  const servers = await Promise.all([
    serve((text, _, response) => {
      // What the gateway sends is JSON of this form.
      const call = JSON.parse(text) as ModelCall;
      models.push(call);
      playScript(call, turns, response);
    }),
    serve((text, request, response) => answerTools('A', text, request, response, tools)),
    serve((text, request, response) => answerTools('B', text, request, response, tools)),
    serve((text, { method = '', url = '', headers }, response) => {
      hooks.push({ method, url, body: text, headers });
      // One that is slow answers never: whoever waits for it must give up.
      if (url.includes('/slow/')) return;
      const [, status = '200'] = /status\/(\d+)/.exec(url) ?? [];
      json(response, Number(status), { reply: 'from the receiver' });
    }),
  ]);
  const [model, toolsA, toolsB, hook] = servers.map(({ port }) => port);
  return {
    ports: { '6160': model ?? 0, '6161': toolsA ?? 0, '6162': toolsB ?? 0, '6163': hook ?? 0 },
    models,
    hooks,
    tools,
    clear() {
      for (const list of [models, hooks, tools]) list.length = 0;
      turns.clear();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(({ close }) => close()));
    },
  };
}

/** The reply of this turn of the conversation: that of its number among the calls with the same first messages; the last one again and again. */
function playScript(call: ModelCall, turns: Map<string, number>, response: ServerResponse): void {
  const textOf = (role: string) => call.messages.find((message) => message.role === role)?.content ?? '';
  const [, written = '[{"content":"{\\"ok\\":true}"}]'] = /SCRIPT:(\[[\s\S]*?\])ENDSCRIPT/.exec(textOf('system')) ?? [];
  // The scripts are data of the tests.
  const script = JSON.parse(written) as readonly Scripted[];
  const user = textOf('user');
  const turn = turns.get(`${written}|${user}`) ?? 0;
  turns.set(`${written}|${user}`, turn + 1);
  const planned = script[Math.min(turn, script.length - 1)] ?? {};
  const special = Object.entries(planned.byUser ?? {}).find(([text]) => user.includes(text))?.[1];
  const { content = '', tool_calls: calls, status = 200, error, in: tokensIn = 100, out = 10 } = special ?? planned;
  if (status !== 200) return json(response, status, { error: error ?? { code: 'x', message: 'boom' } });
  const message = {
    role: 'assistant',
    content,
    ...(calls && {
      tool_calls: calls.map(({ id, name, arguments: input }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      })),
    }),
  };
  json(response, 200, { choices: [{ message }], usage: { prompt_tokens: tokensIn, completion_tokens: out } });
}

const toolNames = {
  A: ['kv_get', 'kv_set', 'kv_delete', 'kv_fail', 'kv_iserr', 'kv_multi', 'kv_rpcerr', 'other', 'ns/tool'],
  B: ['kv_get', 'b_only'],
} as const;

function answerTools(
  server: 'A' | 'B',
  text: string,
  { method: verb, headers }: IncomingMessage,
  response: ServerResponse,
  tools: ToolServerCall[],
): void {
  if (verb === 'GET') return json(response, 404, {});
  // JSON-RPC, as the clients of tool servers send it.
  const {
    id,
    method,
    params = {},
  } = JSON.parse(text) as {
    id?: number;
    method: string;
    params?: { name?: string; arguments?: unknown };
  };
  tools.push({ server, method, params, headers });
  const result = (value: unknown) => json(response, 200, { jsonrpc: '2.0', id, result: value });
  const said = (...texts: string[]) => result({ content: texts.map((each) => ({ type: 'text', text: each })) });
  if (method === 'tools/list')
    return result({
      tools: toolNames[server].map((name) => ({
        name,
        description: `d ${name}`,
        inputSchema: { type: 'object', properties: { k: { type: 'string' } } },
      })),
    });
  if (method !== 'tools/call') return result({});
  switch (params.name) {
    case 'kv_fail':
      return json(response, 500, { message: 'x' });
    case 'kv_iserr':
      return result({ content: [{ type: 'text', text: 'tool says error' }], isError: true });
    case 'kv_multi':
      return said('first', 'second');
    case 'kv_rpcerr':
      return json(response, 200, { jsonrpc: '2.0', id, error: { code: -32_000, message: 'nope' } });
    default:
      return said(JSON.stringify({ echo: params.arguments }));
  }
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  const hasBody = status !== 204;
  response.writeHead(status, { 'content-type': 'application/json' }).end(hasBody ? JSON.stringify(body) : undefined);
};

async function serve(answer: (text: string, request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => answer(text, request, response));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return { port, close };
}
