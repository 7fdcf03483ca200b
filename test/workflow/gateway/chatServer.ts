/** A server of OpenAI's wire format that does not stream: it says what a test has written for each model, and records what it was sent. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One reply. */
export interface Reply {
  readonly content?: string;
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  readonly status?: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** Sent instead of an answer. */
  readonly body?: string;
  /** Called before the reply is sent, such as to let time pass. */
  readonly before?: () => void;
  /** The reply is held back until it resolves. */
  readonly until?: Promise<void>;
}

/** What the server was sent. */
export interface Asked {
  readonly model: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The server. */
export interface ChatServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  /** The models that were asked, in order. */
  readonly models: readonly string[];
}

/** What a model says the nth time, from 0, to what it was sent. */
export type Script = (model: string, nth: number, body: Asked['body']) => Reply;

/** Starts a server on a free port of this machine. */
export async function chatServer(reply: Script = () => ({})): Promise<ChatServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (text) => {
      // What our client sends is JSON with the name of a model.
      const body = JSON.parse(text) as { model: string };
      const nth = asked.filter(({ model }) => model === body.model).length;
      asked.push({ model: body.model, authorization: request.headers.authorization, body: { ...body } });
      const { content, calls, status = 200, error, body: raw, before, until } = reply(body.model, nth, { ...body });
      before?.();
      await until;
      const json = { 'content-type': 'application/json' };
      if (raw !== undefined) return response.writeHead(status, json).end(raw);
      if (status !== 200)
        return response.writeHead(status, json).end(JSON.stringify({ error: error ?? { code: 'x', message: 'boom' } }));
      const message = {
        role: 'assistant',
        content: content ?? (calls ? '' : '{"ok":true}'),
        ...(calls && {
          tool_calls: calls.map(({ id, name, arguments: input }) => ({
            id,
            type: 'function',
            function: { name, arguments: JSON.stringify(input) },
          })),
        }),
      };
      return response
        .writeHead(200, json)
        .end(JSON.stringify({ choices: [{ message }], usage: { prompt_tokens: 100, completion_tokens: 10 } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    get models() {
      return asked.map(({ model }) => model);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
