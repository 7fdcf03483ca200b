/** Lists the last message of every subject, by a consumer that gets no bodies. */
import type { ConsumerInfo } from '@nats-io/jetstream';
import { permissionError } from '../../../nats/permissionErrors.ts';
import { sleep } from '../../../values/clock.ts';
import type { JetStreamApi, StreamMessage } from './api.ts';
import { isMissing } from './failures.ts';
import { consumerBatch } from './batches.ts';
import { plainHeaders } from './headers.ts';

/** Messages that are asked for at once. */
const atOnce = 1_000;
/** Nanoseconds after which the server deletes a consumer that nobody asks. */
const inactive = 30e9;

/**
 * The last messages of all subjects that match a filter, without their bodies, the oldest first; only those after a sequence. One subject comes once, also when
 * it gets a message meanwhile, or the consumer is lost and another one goes on.
 */
export async function* lastOfAll(
  api: JetStreamApi,
  stream: string,
  filter: string,
  after: number,
): AsyncGenerator<StreamMessage> {
  const listed = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const head of lastByConsumer(api, stream, filter, after)) {
        if (listed.has(head.subject)) continue;
        listed.add(head.subject);
        yield head;
      }
      return;
    } catch (thrown) {
      // A cluster of servers may give a consumer to one that has just died, or to none while it elects: a new one is given to another.
      if (attempt === attempts || isMissing(thrown) || permissionError(thrown)) throw thrown;
      await sleep(api.clock, pause);
    }
  }
}

const attempts = 4;
/** Milliseconds between two attempts. */
const pause = 1_000;

async function* lastByConsumer(
  api: JetStreamApi,
  stream: string,
  filter: string,
  after: number,
): AsyncGenerator<StreamMessage> {
  const { name, num_pending: pending } = await createConsumer(api, stream, filter, after);
  /** From a sequence on all messages come, so the last of a subject is known when all have come. */
  const found = new Map<string, StreamMessage>();
  try {
    for (let left = pending; left > 0;) {
      const batch = await consumerBatch(api, stream, name, Math.min(left, atOnce));
      if (batch.length === 0) break; // The rest was deleted meanwhile.
      left -= batch.length;
      for (const { subject, headers, reply = '' } of batch) {
        const head = {
          sequence: sequenceIn(reply),
          subject,
          headers: plainHeaders(headers),
          body: new Uint8Array(),
        };
        if (after === 0) yield head;
        else {
          found.delete(subject);
          found.set(subject, head);
        }
      }
    }
  } finally {
    await api.ask(`CONSUMER.DELETE.${stream}.${name}`).catch(() => {}); // It goes by itself as well.
  }
  yield* found.values();
}

/** The sequence of a delivered message: `$JS.ACK.stream.consumer.count.SEQUENCE.…`, or with a domain and an account before the stream. */
function sequenceIn(reply: string): number {
  const tokens = reply.split('.');
  return Number(tokens[tokens.length > 9 ? 7 : 5]);
}

async function createConsumer(api: JetStreamApi, stream: string, filter: string, after: number): Promise<ConsumerInfo> {
  const create = (name: string) =>
    api.ask<ConsumerInfo>(`CONSUMER.CREATE.${stream}.${name}`, {
      stream_name: stream,
      action: 'create',
      config: {
        name,
        filter_subjects: [filter],
        headers_only: true,
        ack_policy: 'none',
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: inactive,
        ...(after === 0
          ? { deliver_policy: 'last_per_subject' }
          : { deliver_policy: 'by_start_sequence', opt_start_seq: after + 1 }),
      },
    });
  return create(`heads-${api.clock.id()}`);
}
