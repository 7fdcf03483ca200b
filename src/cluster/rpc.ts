/** Requests and responses in JSON between nodes and their clients. A refusal is sent back as a failure. */
import { RequestError, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { reasonOf } from '../values/cause.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { decodeUtf8 } from '../values/utf8.ts';
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

/** Sends a request. Rejects with the refusal; with `unknown_recipient` and the message `noResponder` when no process serves the subject; with `timeout` after `within` milliseconds. */
export async function rpcCall(
  connection: NatsConnection,
  subject: string,
  body: Json,
  { within, noResponder }: { readonly within: number; readonly noResponder: string },
): Promise<Json> {
  const message = await connection
    .request(subject, encoder.encode(JSON.stringify(body)), { timeout: within })
    .catch((cause: unknown) => {
      const refused = permissionError(cause);
      if (refused) throw refused;
      if (cause instanceof RequestError && cause.isNoResponders())
        throw new TroupeError('unknown_recipient', noResponder, { cause });
      throw new TroupeError(
        'timeout',
        `No answer came on ${subject} within ${within} ms: ${toFailure(cause).message}`,
        { cause },
      );
    });
  const refused = decodeRefusal(message);
  if (refused) throw refused;
  return decodeJson(message);
}
