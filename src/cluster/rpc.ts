/** Requests and responses in JSON between nodes and their clients. A refusal is sent back as a failure. */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import { RequestError } from '../nats/client.ts';
import { reasonOf } from '../values/cause.ts';
import { toFailure, TroupeError, type FailureKind } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { decodeUtf8 } from '../values/utf8.ts';
import { maxBodyBytes } from '../nats/connection.ts';
import { permissionError } from '../nats/permissionErrors.ts';
import { subscribeTo } from '../nats/subscribe.ts';
import { encodeRefusal, decodeRefusal } from '../transport/nats/codec.ts';

const encoder = new TextEncoder();

/** Responds if that is possible. The client or the connection may be gone, and an error of that kind must not end the process. */
export function rpcRespond(message: Msg, payload: Uint8Array | string, headers?: MsgHdrs): void {
  try {
    message.respond(payload, headers ? { headers } : {});
  } catch {
    // A client that still waits asks again.
  }
}

/** The JSON of a message; null for an empty one. Throws `invalid` when it is none: any client of the server can send anything. */
export function decodeJson(message: Pick<Msg, 'data' | 'subject'>): Json {
  if (message.data.length === 0) return null;
  try {
    const json: Json = JSON.parse(decodeUtf8(message.data, 'body'));
    return json;
  } catch (cause) {
    throw new TroupeError('invalid', `Expected JSON on ${message.subject}: ${reasonOf(cause)}.`, { cause });
  }
}

/** Responds to the requests on a subject with what `answer` returns, or with its error. Of processes with one `queue`, one responds to each request; all do without it. */
export function rpcServe(
  connection: NatsConnection,
  subject: string,
  answer: (body: Json, message: Msg) => unknown,
  options: { readonly queue?: string } = {},
): Subscription {
  const respond = async (message: Msg) => {
    try {
      const response = await answer(decodeJson(message), message);
      rpcRespond(message, JSON.stringify(response ?? null));
    } catch (thrown) {
      const { payload, headers } = encodeRefusal(thrown);
      rpcRespond(message, payload, headers);
    }
  };
  return subscribeTo(connection, subject, respond, options);
}

/** How a request is sent. */
export interface RpcOptions {
  /** Milliseconds until the answer. */
  readonly within: number;
  /** What is told when no process serves the subject. */
  readonly noResponder: string;
  /** The kind of that failure; `unknown_recipient` by default. */
  readonly absent?: FailureKind;
}

/** Sends a request. Rejects with the refusal; with the message `noResponder` when no process serves the subject; with `timeout` after `within` milliseconds; with `invalid` for what is larger than a message. */
export async function rpcRequest(
  connection: NatsConnection,
  subject: string,
  body: Json,
  { within, noResponder, absent = 'unknown_recipient' }: RpcOptions,
): Promise<Msg> {
  const payload = encoder.encode(JSON.stringify(body));
  const most = maxBodyBytes(connection);
  if (payload.length > most)
    throw new TroupeError(
      'invalid',
      `A request over NATS has at most ${most} bytes; this one has ${payload.length}. Send less, or ask over HTTP.`,
    );
  const message = await connection.request(subject, payload, { timeout: within }).catch((cause: unknown) => {
    const refused = permissionError(cause);
    if (refused) throw refused;
    if (cause instanceof RequestError && cause.isNoResponders()) throw new TroupeError(absent, noResponder, { cause });
    throw new TroupeError('timeout', `No answer came on ${subject} within ${within} ms: ${toFailure(cause).message}`, {
      cause,
    });
  });
  const refused = decodeRefusal(message);
  if (refused) throw refused;
  return message;
}

/** Sends a request, as `rpcRequest` does. Resolves to the JSON of the answer. */
export const rpcCall = async (
  connection: NatsConnection,
  subject: string,
  body: Json,
  options: RpcOptions,
): Promise<Json> => decodeJson(await rpcRequest(connection, subject, body, options));
