/** Servers that do not stream: an answer that comes as one JSON document is turned into the events that the provider's client reads. */
import { TroupeError } from '../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** The most bytes of one document. */
const maxBytes = 20 * 1024 * 1024;

/** The same `fetch`, whose successful JSON answers come as events. Throws `format` for JSON that holds no answer; an error in it is left to the client. */
export const wholeAnswers =
  (send: typeof fetch): typeof fetch =>
  async (input, init) => {
    const response = await send(input, init);
    const type = response.headers.get('content-type') ?? '';
    if (!response.ok || !response.body || !/^application\/([\w.-]+\+)?json\b/i.test(type)) return response;
    const text = await readText(response.body);
    const document = parsed(text);
    if (isJsonObject(document) && isSet(document.error)) return again(response, text, type);
    const events = isJsonObject(document) ? eventsOf(document) : undefined;
    if (events === undefined)
      throw new TroupeError(
        'format',
        `The provider sent JSON that holds no answer: ${JSON.stringify(text.slice(0, 120))}`,
        {
          data: { code: 'internal_error', written: 0 },
        },
      );
    return again(response, events.join(''), 'text/event-stream');
  };

const isSet = (value: Json | undefined): boolean => value !== undefined && value !== null;

function again({ status, headers: received }: Response, body: string, type: string): Response {
  const headers = new Headers(received);
  headers.set('content-type', type);
  // They describe the bytes as they came.
  for (const name of ['content-length', 'content-encoding']) headers.delete(name);
  return new Response(body, { status, headers });
}

async function readText(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  // Only iterated, as every web stream can be in Node; its type does not say so.
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    size += chunk.length;
    if (size > maxBytes)
      throw new TroupeError('format', `The provider sent an answer larger than ${maxBytes / 1024 / 1024} MB.`, {
        data: { code: 'internal_error' },
      });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // What JSON.parse gives is JSON.
  } catch {
    return undefined;
  }
}

function eventsOf(document: JsonObject): readonly string[] | undefined {
  if (Array.isArray(document.choices)) return chatEvents(document);
  if (document.type === 'message' && Array.isArray(document.content)) return messageEvents(document);
  if (Array.isArray(document.candidates)) return [event(document)];
  return undefined;
}

const event = (data: JsonObject, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

/** OpenAI's chat completions. A document without a reason is whole all the same. */
function chatEvents({ choices, ...rest }: JsonObject): readonly string[] | undefined {
  const [choice] = Array.isArray(choices) ? choices : [];
  const { message, finish_reason: given } = propertiesOf(choice);
  if (!isJsonObject(message as Json)) return undefined;
  const { tool_calls: written, ...said } = message as JsonObject;
  const calls = Array.isArray(written) ? written.filter(isJsonObject) : [];
  const reason = typeof given === 'string' ? given : calls.length > 0 ? 'tool_calls' : 'stop';
  const delta = {
    ...said,
    ...(calls.length > 0 ? { tool_calls: calls.map((call, index) => ({ ...call, index })) } : {}),
  };
  const { usage, ...facts } = rest;
  const chunk = (part: JsonObject) => event({ ...facts, object: 'chat.completion.chunk', ...part });
  return [
    chunk({ choices: [{ index: 0, delta, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: reason }] }),
    ...(isSet(usage) ? [chunk({ choices: [], usage: usage ?? null })] : []),
    'data: [DONE]\n\n',
  ];
}

/** Anthropic's messages. */
function messageEvents({ content, stop_reason, stop_sequence = null, ...rest }: JsonObject): readonly string[] {
  const blocks = (Array.isArray(content) ? content : []).filter(isJsonObject);
  const reason = stop_reason ?? (blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn');
  const message = { ...rest, content: [], stop_reason: null, stop_sequence: null };
  return [
    event({ type: 'message_start', message }, 'message_start'),
    ...blocks.flatMap((block, index) => blockEvents(block, index)),
    event(
      { type: 'message_delta', delta: { stop_reason: reason, stop_sequence }, usage: rest.usage ?? {} },
      'message_delta',
    ),
    event({ type: 'message_stop' }, 'message_stop'),
  ];
}

function blockEvents(block: JsonObject, index: number): readonly string[] {
  const { type } = block;
  const [empty, delta]: readonly [JsonObject, JsonObject | undefined] =
    type === 'text'
      ? [
          { ...block, text: '' },
          { type: 'text_delta', text: block.text ?? '' },
        ]
      : type === 'tool_use'
        ? [
            { ...block, input: {} },
            { type: 'input_json_delta', partial_json: JSON.stringify(block.input ?? {}) },
          ]
        : [block, undefined];
  return [
    event({ type: 'content_block_start', index, content_block: empty }, 'content_block_start'),
    ...(delta ? [event({ type: 'content_block_delta', index, delta }, 'content_block_delta')] : []),
    event({ type: 'content_block_stop', index }, 'content_block_stop'),
  ];
}
