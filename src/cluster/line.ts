/** Questions and answers in JSON between nodes and those who steer them. A refusal goes back as the failure that it is. */
import { RequestError, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import { forbidden } from '../nats/forbidden.ts';
import { refusal, refusalIn } from '../transport/nats/wire.ts';

const text = new TextEncoder();
/** Answers, as far as that can be done: who asked may be gone, and so may the connection; neither is a reason for the process to end. */
export function respond(message: Msg, payload: Uint8Array | string, headers?: MsgHdrs): void {
  try {
    message.respond(payload, headers ? { headers } : {});
  } catch {
    // They ask again, or they do not.
  }
}

/** Throws `invalid`: whoever can write to the bus can write anything. */
export function jsonIn(message: Pick<Msg, 'data' | 'subject'>): Json {
  const said = new TextDecoder().decode(message.data);
  if (said === '') return null;
  try {
    return JSON.parse(said) as Json;
  } catch (cause) {
    throw new TroupeError('invalid', `Expected JSON on ${message.subject}: ${(cause as Error).message}.`, { cause });
  }
}

export function serve(
  connection: NatsConnection,
  subject: string,
  answer: (said: Json, message: Msg) => unknown,
): Subscription {
  return connection.subscribe(subject, {
    callback: (error, message) => {
      if (error) return;
      void (async () => {
        try {
          const answered = await answer(jsonIn(message), message);
          respond(message, JSON.stringify(answered ?? null));
        } catch (thrown) {
          const { payload, headers } = refusal(thrown);
          respond(message, payload, headers);
        }
      })();
    },
  });
}

/** Rejects with what was refused; with `unknown_recipient` when nobody serves the subject, `timeout` when no answer came within so many milliseconds. */
export async function call(
  connection: NatsConnection,
  subject: string,
  said: Json,
  { within, nobody }: { readonly within: number; readonly nobody: string },
): Promise<Json> {
  const message = await connection
    .request(subject, text.encode(JSON.stringify(said)), { timeout: within })
    .catch((cause: unknown) => {
      const refused = forbidden(cause);
      if (refused) throw refused;
      if (cause instanceof RequestError && cause.isNoResponders())
        throw new TroupeError('unknown_recipient', nobody, { cause });
      throw new TroupeError(
        'timeout',
        `No answer came on ${subject} within ${within} ms: ${toFailure(cause).message}`,
        { cause },
      );
    });
  const refused = refusalIn(message);
  if (refused) throw refused;
  return jsonIn(message);
}
