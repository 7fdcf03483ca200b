/** Reads an answer that comes as a whole or in parts: each part is asked for when the one before has been taken. */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { TroupeError } from '../../values/failure.ts';
import { rpcRequest } from '../rpc.ts';
import { lastPartHeader, moreHeader, silence } from './parts.ts';

/** How long is waited. */
export interface ReadPartsOptions {
  /** Milliseconds for a part. A part for which there is nothing to give comes after 15,000. */
  readonly within: number;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** How often a part is asked for whose answer does not come. */
const attempts = 3;

/** The bytes of an answer. Ends when the signal fires. Rejects with what goes wrong at the server, `transient` when the answer was given up there, and `timeout`. */
export async function* readParts(
  connection: NatsConnection,
  answer: Msg,
  { within, signal }: ReadPartsOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const subject = answer.headers?.get(moreHeader);
  if (!subject) return yield answer.data;
  let hasEnded = false;
  try {
    for (let number = 0; !hasEnded; number++) {
      const part = await untilAborted(requestPart(connection, subject, number, Math.min(within, 2 * silence)), signal);
      if (part === undefined) return;
      hasEnded = part.headers?.has(lastPartHeader) ?? false;
      if (part.data.length > 0) yield part.data;
    }
  } finally {
    // So that the server need not keep it for a minute.
    if (!hasEnded && !connection.isClosed()) connection.publish(subject);
  }
}

async function requestPart(connection: NatsConnection, subject: string, number: number, within: number): Promise<Msg> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rpcRequest(connection, subject, number, {
        within,
        noResponder: 'The control server has ended before its answer was complete. Ask again.',
        absent: 'transient',
      });
    } catch (thrown) {
      if (attempt >= attempts || !(thrown instanceof TroupeError) || thrown.kind !== 'timeout') throw thrown;
    }
  }
}

/** Undefined when the signal fires first. */
async function untilAborted<T>(coming: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (!signal) return coming;
  let stop = () => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([coming, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
    // After the signal nobody waits for it.
    coming.catch(() => {});
  }
}
