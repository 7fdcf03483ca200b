/** Asks at a door from outside, and again until the run has ended: whoever had it may die, and so may the answer on its way. */
import { headers as newHeaders, RequestError, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { sleep, type Clock } from '../contracts/clock.ts';
import { fromFailure, TroupeError } from '../contracts/failure.ts';
import { requireId } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { forbidden } from '../nats/forbidden.ts';
import { Answer } from './answer.ts';
import { detachHeader, keyHeader, offsetHeader, patienceHeader } from './door.ts';
import { roomIn } from '../nats/connection.ts';
import { jsonIn } from './line.ts';

export interface InvokeOptions {
  /** The same key is the same run. */
  readonly key?: string;
  /** Milliseconds to wait for its end; ten minutes unless told otherwise. The run goes on in any case. */
  readonly within?: number;
  /** Does not wait for its end. */
  readonly detach?: boolean;
}

export type Invoked = Exclude<Answer, { status: 'refused' | 'large' | 'parked' }>;

export interface Door {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly subject: string;
  /** Of what is asked for. */
  readonly name: string;
}

/** A node has so long to answer, if only that the run goes on; milliseconds. */
const patience = 5_000;
/** And its answer so long to come; milliseconds. */
const onItsWay = 5_000;
/** Between two nodes, and while all have as much as they may; milliseconds. */
const pause = 500;

/** Rejects with what it was refused with, `unknown_recipient` when no node offers it, `timeout`, `auth`. */
export async function invoke(
  door: Door,
  input: Json | undefined,
  { key, within = 600_000, detach = false }: InvokeOptions,
): Promise<Invoked> {
  const { clock, name } = door;
  // Named before it is asked for: however often that has to be done, it is one run.
  const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
  const payload = payloadOf(door, input);
  const until = clock.now() + within;
  for (let isHeard = false; clock.now() < until;) {
    const left = until - clock.now();
    const headers = { [keyHeader]: run, [patienceHeader]: `${Math.min(patience, left)}` };
    const said = await ask(door, payload, detach ? { ...headers, [detachHeader]: 'yes' } : headers, left);
    if (said === 'nobody' && !isHeard)
      throw new TroupeError('unknown_recipient', `No node offers "${name}". "troupe nodes" shows what they offer.`);
    isHeard ||= said !== 'nobody';
    if (typeof said === 'string') await sleep(clock, Math.min(pause, left));
    else if (said.status === 'large') return whole(door, run, said.bytes);
    else if (said.status === 'refused') {
      if (!said.failure.retryable) throw fromFailure(said.failure);
      await sleep(clock, Math.min(pause, left));
    } else if (said.status !== 'parked' && (said.status !== 'active' || detach)) return said;
  }
  throw new TroupeError(
    'timeout',
    `"${name}" gave no result within ${within} ms. What was begun goes on: ask again with the key ${run}.`,
  );
}

function payloadOf({ connection, name }: Door, input: Json | undefined): Uint8Array {
  const payload = new TextEncoder().encode(input === undefined ? '' : JSON.stringify(input));
  const room = roomIn(connection);
  if (payload.length <= room) return payload;
  throw new TroupeError(
    'invalid',
    `The input of "${name}" has ${payload.length} bytes, and this NATS server takes ${room} in a message. Say less, or where it is to be found; or raise the server's max_payload.`,
  );
}

async function ask(
  door: Door,
  payload: Uint8Array,
  headers: Readonly<Record<string, string>>,
  left: number,
): Promise<Answer | 'nobody' | 'silence'> {
  const message = await request(door, payload, headers, left);
  return typeof message === 'string' ? message : Answer.parse(jsonIn(message));
}

async function request(
  { connection, subject }: Door,
  payload: Uint8Array,
  said: Readonly<Record<string, string>>,
  left: number,
): Promise<Msg | 'nobody' | 'silence'> {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(said)) headers.set(name, value);
  try {
    return await connection.request(subject, payload, {
      timeout: Math.max(1, Math.min(patience + onItsWay, left)),
      headers,
    });
  } catch (cause) {
    const refusal = forbidden(cause);
    if (refusal) throw refusal;
    return cause instanceof RequestError && cause.isNoResponders() ? 'nobody' : 'silence';
  }
}

/** What has ended does not change: its parts are those of one answer, whichever node gives them. */
async function whole(door: Door, run: string, bytes: number): Promise<Invoked> {
  const parts: Uint8Array[] = [];
  for (let [offset, tries] = [0, 10]; offset < bytes;) {
    const part = await request(door, new Uint8Array(), { [keyHeader]: run, [offsetHeader]: `${offset}` }, patience);
    if (typeof part !== 'string' && part.data.length > 0) {
      parts.push(part.data);
      offset += part.data.length;
    } else if (--tries > 0) await sleep(door.clock, pause);
    else throw new TroupeError('timeout', `The result of "${run}" came in part only. Ask again with the key ${run}.`);
  }
  return jsonIn({ data: Buffer.concat(parts), subject: door.subject }) as Invoked; // Of the same making as what `Answer` reads.
}
