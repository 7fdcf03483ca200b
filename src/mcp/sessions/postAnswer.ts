/** Reads what comes back from a POST: one message, a list of them, a stream of events, or nothing because the answer comes another way. */
import type { Json } from '../../values/json.ts';
import { streamEnded } from '../certainty.ts';
import { eventStream } from './eventStream.ts';
import { rpcMessages, unreadableAnswer, type RpcMessage } from './rpc.ts';

/** The messages in the data of an event. */
export function readableMessages(text: string): readonly RpcMessage[] {
  try {
    return rpcMessages(text);
  } catch {
    return []; // Some servers send words to keep the connection open.
  }
}

/** The error of an answer whose status is no success. */
export async function statusError(response: Response): Promise<Error> {
  const text = await response.text().catch(() => '');
  const says = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`;
  return Object.assign(new Error(`status ${response.status}${says}`), { data: { status: response.status } });
}

/** The result in the answer itself; undefined when it comes on the stream. */
export async function resultIn(response: Response, id: string): Promise<{ readonly result: Json } | undefined> {
  if (response.status === 202 || !response.body) {
    await response.body?.cancel();
    return undefined;
  }
  if (/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
    for await (const { data } of eventStream(response.body)) {
      const found = pick(readableMessages(data), id);
      if (found) return found;
    }
    throw Object.assign(new Error('the connection was dropped before the answer'), { code: streamEnded });
  }
  const text = await response.text();
  if (text.trim() === '') return undefined;
  const found = pick(messagesIn(text), id);
  if (found) return found;
  throw unreadableAnswer('its answer does not belong to the request');
}

function messagesIn(text: string): readonly RpcMessage[] {
  try {
    return rpcMessages(text);
  } catch {
    throw unreadableAnswer('its answer is no JSON');
  }
}

function pick(messages: readonly RpcMessage[], id: string): { readonly result: Json } | undefined {
  // An error without an id is about this request, unless that has an answer beside it.
  for (const each of [id, ''])
    for (const message of messages) {
      if (message.is === 'error' && message.id === each) throw message.error;
      if (message.is === 'result' && message.id === id) return { result: message.result };
    }
  return undefined;
}
