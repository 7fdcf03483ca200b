/** An HTTP server that speaks the wire format of one provider, and breaks off where a test says so. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAI } from '@ai-sdk/openai';
import { aiSdkModel } from '../../src/gateway/aiSdkModel.ts';
import type { Model } from '../../src/contracts/model.ts';

/** What a model says in one answer. `arguments` are as it writes them; what Google sends must be JSON. */
export interface Said {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
  /** Why it ends; by default that it is done or calls tools. Null: it ends without a reason. */
  readonly reason?: 'stop' | 'calls' | 'length' | 'filter' | null;
  /** A reason in the provider's own word. */
  readonly rawReason?: string;
  /** 10 and 5 by default; null when nothing is reported. */
  readonly usage?: { readonly input: number; readonly output: number } | null;
}

type Frames = readonly unknown[];

/** A wire format: the events of an answer, in order. The first ones carry the text, the last ones the end. */
interface Wire {
  readonly model: string;
  readonly path: string;
  frames(said: Said): Frames;
  /** An error inside a stream that has begun. */
  error(code: string, message: string): unknown;
  /** The calls are begun and not ended. */
  openCall: Frames;
}

const reasonOf = ({ reason, calls = [] }: Said) =>
  reason === undefined ? (calls.length > 0 ? 'calls' : 'stop') : reason;
const pieces = (text: string): string[] => text.match(/[^]{1,8}/g) ?? [];

const chat: Omit<Wire, 'model'> = {
  path: '/v1',
  frames(said) {
    const chunk = (delta: object, finish: string | null = null) => ({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const reason = reasonOf(said);
    const word =
      said.rawReason ??
      (reason && { stop: 'stop', calls: 'tool_calls', length: 'length', filter: 'content_filter' }[reason]);
    const { usage = { input: 10, output: 5 } } = said;
    return [
      chunk({ role: 'assistant', content: '' }),
      ...pieces(said.text ?? '').map((content) => chunk({ content })),
      ...(said.calls ?? []).map(({ name, arguments: written }, index) =>
        chunk({
          tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: written } }],
        }),
      ),
      ...(word === null ? [] : [chunk({}, word)]),
      ...(usage === null || word === null
        ? []
        : [
            {
              ...chunk({}),
              choices: [],
              usage: {
                prompt_tokens: usage.input,
                completion_tokens: usage.output,
                total_tokens: usage.input + usage.output,
              },
            },
          ]),
    ];
  },
  error: (code, message) => ({ error: { message, type: code, code } }),
  openCall: [
    {
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, id: 'call_0', type: 'function', function: { name: 'pay', arguments: '{"at":1}' } },
            ],
          },
          finish_reason: null,
        },
      ],
    },
  ],
};

const responses: Wire = {
  model: 'openai.responses:m',
  path: '/v1',
  frames(said) {
    const reason = reasonOf(said);
    const message = { type: 'message', id: 'msg_1', status: 'in_progress', role: 'assistant', content: [] };
    const { usage = { input: 10, output: 5 } } = said;
    const incomplete = { length: 'max_output_tokens', filter: 'content_filter' }[String(said.reason)];
    return [
      { type: 'response.created', response: { id: 'resp_1', created_at: 1, model: 'm' } },
      ...(said.text === undefined ? [] : [{ type: 'response.output_item.added', output_index: 0, item: message }]),
      ...pieces(said.text ?? '').map((delta) => ({ type: 'response.output_text.delta', item_id: 'msg_1', delta })),
      ...(said.text === undefined
        ? []
        : [{ type: 'response.output_item.done', output_index: 0, item: { ...message, status: 'completed' } }]),
      ...(said.calls ?? []).flatMap((call, index) => {
        const item = { type: 'function_call', id: `fc_${index}`, call_id: `call_${index}`, ...call };
        return [
          { type: 'response.output_item.added', output_index: index + 1, item: { ...item, arguments: '' } },
          {
            type: 'response.function_call_arguments.delta',
            item_id: item.id,
            output_index: index + 1,
            delta: call.arguments,
          },
          { type: 'response.output_item.done', output_index: index + 1, item: { ...item, status: 'completed' } },
        ];
      }),
      ...(reason === null
        ? []
        : [
            {
              type: incomplete ? 'response.incomplete' : 'response.completed',
              response: {
                incomplete_details: incomplete ? { reason: incomplete } : null,
                usage: usage && { input_tokens: usage.input, output_tokens: usage.output },
              },
            },
          ]),
    ];
  },
  error: (code, message) => ({ type: 'error', sequence_number: 1, error: { type: code, code, message } }),
  openCall: [
    {
      type: 'response.output_item.added',
      output_index: 1,
      item: { type: 'function_call', id: 'fc_0', call_id: 'call_0', name: 'pay', arguments: '' },
    },
    { type: 'response.function_call_arguments.delta', item_id: 'fc_0', output_index: 1, delta: '{"at":' },
  ],
};

const anthropic: Wire = {
  model: 'anthropic:claude-sonnet-4-5',
  path: '/v1',
  frames(said) {
    const reason = reasonOf(said);
    const word =
      said.rawReason ??
      (reason && { stop: 'end_turn', calls: 'tool_use', length: 'max_tokens', filter: 'refusal' }[reason]);
    const { usage = { input: 10, output: 5 } } = said;
    const { input, output } = usage ?? { input: 0, output: 0 };
    const block = (index: number, content_block: object, deltas: object[]) => [
      { type: 'content_block_start', index, content_block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ];
    return [
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'claude',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: input, output_tokens: 0 },
        },
      },
      ...(said.text === undefined
        ? []
        : block(
            0,
            { type: 'text', text: '' },
            pieces(said.text).map((text) => ({ type: 'text_delta', text })),
          )),
      ...(said.calls ?? []).flatMap(({ name, arguments: partial_json }, index) =>
        block(
          index + 1,
          { type: 'tool_use', id: `toolu_${index}`, name, input: {} },
          partial_json === '' ? [] : [{ type: 'input_json_delta', partial_json }],
        ),
      ),
      ...(word === null
        ? []
        : [
            {
              type: 'message_delta',
              delta: { stop_reason: word, stop_sequence: null },
              usage: { output_tokens: output },
            },
            { type: 'message_stop' },
          ]),
    ];
  },
  error: (code, message) => ({ type: 'error', error: { type: code, message } }),
  openCall: [
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'toolu_0', name: 'pay', input: {} },
    },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"at":' } },
  ],
};

/** A frame that is sent as it is. */
export const raw = (json: string) => ({ [rawFrame]: json });
const rawFrame = Symbol('raw');

const google: Wire = {
  model: 'google:gemini-2.5-flash',
  path: '/v1beta',
  frames(said) {
    const reason = reasonOf(said);
    const word =
      said.rawReason ?? (reason && { stop: 'STOP', calls: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' }[reason]);
    const { usage = { input: 10, output: 5 } } = said;
    const counted =
      usage === null
        ? ''
        : `,"usageMetadata":{"promptTokenCount":${usage.input},"candidatesTokenCount":${usage.output},"totalTokenCount":${usage.input + usage.output}}`;
    const candidate = (parts: string, end = '') =>
      raw(`{"candidates":[{"content":{"role":"model","parts":[${parts}]}${end},"index":0}]${end && counted}}`);
    return [
      ...pieces(said.text ?? '').map((text) => candidate(JSON.stringify({ text }))),
      ...(said.calls ?? []).map(({ name, arguments: written }) =>
        candidate(`{"functionCall":{"name":${JSON.stringify(name)},"args":${written === '' ? '{}' : written}}}`),
      ),
      ...(word === null ? [] : [candidate('', `,"finishReason":"${word}"`)]),
    ];
  },
  error: (code, message) => ({ error: { code: 503, message, status: code } }),
  openCall: [
    raw(
      '{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"pay","args":{"at":1}}}]},"index":0}]}',
    ),
  ],
};

/** The wire formats by provider; `responses` is OpenAI's newer one. Ollama is reached as `openai-compatible` is. */
export const wires = {
  openai: { ...chat, model: 'openai:gpt-4o-mini' },
  responses,
  anthropic,
  google,
  'openai-compatible': { ...chat, model: 'openai-compatible:local' },
} as const satisfies Record<string, Wire>;
export type WireName = keyof typeof wires;
export const wireNames = Object.keys(wires) as WireName[];

/** Writes one answer of the server. `turn` counts the requests, from 0. */
export type Turn = (response: ServerResponse, turn: number) => unknown;

export interface WireServer extends AsyncDisposable {
  /** The address, with the path of the provider. */
  readonly url: string;
  readonly requests: readonly {
    readonly url: string;
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly body: string;
  }[];
}

/** Starts a server that answers its requests by these turns; the last one is repeated. */
export async function wireServer(path: string, turns: readonly Turn[]): Promise<WireServer> {
  const requests: { url: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const turn = requests.length;
      requests.push({ url: request.url ?? '', headers: request.headers, body });
      turns[Math.min(turn, turns.length - 1)]?.(response, turn);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const write = (response: ServerResponse, frames: Frames) => {
  for (const frame of frames) {
    const { type, [rawFrame]: asItIs } = frame as { type?: string; [rawFrame]?: string };
    if (type !== undefined) response.write(`event: ${type}\n`);
    response.write(`data: ${asItIs ?? JSON.stringify(frame)}\n\n`);
  }
};
const begin = (response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/event-stream' });

/** The server's turns: whole answers, and what may go wrong. */
export const turn = {
  whole:
    (frames: Frames): Turn =>
    (response) => {
      begin(response);
      write(response, frames);
      response.end();
    },
  /** The socket dies after these events. */
  dies:
    (frames: Frames): Turn =>
    (response) => {
      begin(response);
      write(response, frames);
      // What was written should arrive before the end does.
      setTimeout(() => response.destroy(), 5);
    },
  /** The socket dies before there is a status. */
  diesAtOnce: (): Turn => (response) => void response.destroy(),
  status:
    (status: number, body: string, headers: Record<string, string> = {}): Turn =>
    (response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body);
    },
  /** Any body with status 200. */
  body:
    (type: string, text: string, length?: number): Turn =>
    (response) => {
      response.writeHead(200, { 'content-type': type, ...(length === undefined ? {} : { 'content-length': length }) });
      if (length === undefined) response.end(text);
      else response.write(text, () => setTimeout(() => response.destroy(), 5));
    },
};

/** Keys for all providers. */
export const wireKeys = {
  ANTHROPIC_API_KEY: 'k',
  OPENAI_API_KEY: 'k',
  GOOGLE_GENERATIVE_AI_API_KEY: 'k',
  OPENAI_COMPATIBLE_API_KEY: 'k',
};

/** How a gateway names the model behind a server, and its options. */
export function modelAt(
  name: WireName,
  { url }: WireServer,
): { model: string | Model; baseUrls: Record<string, string> } {
  if (name !== 'responses') return { model: wires[name].model, baseUrls: { [name]: url } };
  return {
    model: aiSdkModel(createOpenAI({ apiKey: 'k', baseURL: url }).responses('m'), { id: responses.model }),
    baseUrls: {},
  };
}
