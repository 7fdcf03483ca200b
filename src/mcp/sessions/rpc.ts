/** Messages of JSON-RPC, as a server of any age sends them. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** An answer or a request of a server. */
export type RpcMessage =
  | { readonly is: 'result'; readonly id: string; readonly result: Json }
  | { readonly is: 'error'; readonly id: string; readonly error: Error }
  | { readonly is: 'request'; readonly id: Json; readonly method: string }
  | { readonly is: 'notice'; readonly method: string };

/** The messages in a text: one, or a list of them. What is no message is left out. Throws SyntaxError when it is no JSON. */
export function rpcMessages(text: string): readonly RpcMessage[] {
  const parsed = JSON.parse(text) as Json; // What JSON.parse gives is JSON.
  return (Array.isArray(parsed) ? parsed : [parsed])
    .filter(isJsonObject)
    .flatMap((message) => rpcMessage(message) ?? []);
}

function rpcMessage({ id, method, result, error }: JsonObject): RpcMessage | undefined {
  if (typeof method === 'string')
    return id === undefined || id === null ? { is: 'notice', method } : { is: 'request', id, method };
  // An error without an id is about a request that could not be read: in the answer to a request it is about this one.
  if (isJsonObject(error) && (id ?? null) === null) return { is: 'error', id: '', error: rpcError(error) };
  if (typeof id !== 'number' && typeof id !== 'string') return undefined;
  if (isJsonObject(error)) return { is: 'error', id: String(id), error: rpcError(error) };
  return result === undefined ? undefined : { is: 'result', id: String(id), result };
}

function rpcError({ code, message }: JsonObject): Error {
  const number = typeof code === 'number' ? code : -32_603;
  const says = typeof message === 'string' && message !== '' ? message : 'it did not say why';
  return Object.assign(new Error(`error ${number}: ${says}`), { code: number });
}

/** The error of an answer that holds no answer to the request. */
export const unreadableAnswer = (why: string): Error => Object.assign(new Error(why), { code: 'INVALID_RESULT' });

/** An answer that is waited for. */
export interface OpenAnswer {
  readonly promise: Promise<Json>;
  resolve(result: Json): void;
  reject(error: unknown): void;
}

/** An answer that is waited for. Nothing happens when it is rejected before a caller waits. */
export function openAnswer(): OpenAnswer {
  let settle: Pick<OpenAnswer, 'resolve' | 'reject'> = { resolve() {}, reject() {} };
  const promise = new Promise<Json>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => {});
  return { promise, ...settle };
}
