/** Reads of many messages with one request: of a stream, which any server with a copy of it answers, and of a consumer. */
import type { Msg } from '@nats-io/transport-node';
import { newInbox } from '../../../nats/connection.ts';
import { subscribeTo } from '../../../nats/subscribe.ts';
import type { JetStreamApi, StreamMessage } from './api.ts';
import { plainHeaders } from './headers.ts';

/** Which messages: of a subject from a sequence on, or the last ones of several subjects. */
export type BatchRequest =
  | { readonly seq: number; readonly next_by_subj: string; readonly batch: number; readonly max_bytes: number }
  | { readonly multi_last: readonly string[]; readonly max_bytes: number };

/** What came of a batch. */
export interface Batch {
  readonly messages: readonly StreamMessage[];
  /** How many more match; undefined when the server, or the stream as its operator has set it up, has no such reads. */
  readonly pending: number | undefined;
}

/** Reads messages of a stream. Rejects when no answer comes in time. */
export async function directBatch(api: JetStreamApi, stream: string, request: BatchRequest): Promise<Batch> {
  const messages: StreamMessage[] = [];
  let pending: number | undefined;
  await collect(api, `$JS.API.DIRECT.GET.${stream}`, request, ({ headers, data }) => {
    const left = headers?.get('Nats-Num-Pending') ?? '';
    if (headers && headers.code > 0) {
      if (headers.code === endOfBatch || headers.code === notFound) pending = Number(left || 0);
      return 'last';
    }
    const all = plainHeaders(headers);
    const { 'Nats-Sequence': sequence, 'Nats-Subject': subject = '' } = all;
    messages.push({ sequence: Number(sequence), subject, headers: all, body: data });
    // A server before 2.11 returns one message, and does not say how many more there are.
    return left === '' ? 'last' : 'more';
  });
  return { messages, pending };
}

const endOfBatch = 204;
const notFound = 404;

/** Messages that a consumer has for delivery, as they come; at most `count`, and fewer when there are no more. Rejects when the consumer is lost meanwhile. */
export async function consumerBatch(
  api: JetStreamApi,
  stream: string,
  consumer: string,
  count: number,
): Promise<readonly Msg[]> {
  const messages: Msg[] = [];
  let lost: Error | undefined;
  const request = { batch: count, no_wait: true };
  await collect(api, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, (message) => {
    const { code = 0, description = '' } = message.headers ?? {};
    if (code > 0 && !ends.includes(code)) lost = new Error(`the server ended the list early: ${code} ${description}`);
    if (code > 0) return 'last';
    messages.push(message);
    return messages.length === count ? 'last' : 'more';
  });
  if (lost) throw lost;
  return messages;
}

/** The server's codes when a consumer has no more messages. With any other it is gone, or its server is. */
const ends: readonly number[] = [404, 408];

/** Milliseconds until the next message of a batch must have come. */
const batchTimeout = 10_000;

/** Sends a request, and calls `take` with each answer until it says that it was the last one. */
async function collect(
  api: JetStreamApi,
  subject: string,
  request: object,
  take: (message: Msg) => 'more' | 'last',
): Promise<void> {
  const waiting = api.ready();
  if (waiting) await waiting;
  const { connection, clock } = api;
  const inbox = newInbox(connection);
  let heard = clock.now();
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => {
      timer[Symbol.dispose]();
      subscription.unsubscribe();
      settle();
    };
    const subscription = subscribeTo(connection, inbox, (message) => {
      heard = clock.now();
      if (take(message) === 'last') end(resolve);
    });
    const wait = (): Disposable =>
      clock.wake(heard + batchTimeout, () => {
        if (clock.now() >= heard + batchTimeout) end(() => reject(new Error(`no answer on ${subject} in time`)));
        else timer = wait();
      });
    let timer = wait();
    connection.publish(subject, JSON.stringify(request), { reply: inbox });
  });
}
