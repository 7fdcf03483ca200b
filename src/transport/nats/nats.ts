/**
 * Carries messages between processes over NATS. A message waits for its recipient's word (T2) and is sent again until it has it (T3); the
 * connection is kept for ever, and what was under way when it broke goes again when it is back.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../contracts/clock.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../contracts/failure.ts';
import { blobs } from '../../nats/blobs.ts';
import { roomIn } from '../../nats/connection.ts';
import { copy } from '../copy.ts';
import { tokensOf } from '../topics.ts';
import type { Transport } from '../transport.ts';
import { Ears } from './ears.ts';
import { Lines } from './lines.ts';
import { Post } from './post.ts';
import { subjects } from './subjects.ts';
import { blobHeader, bytesOf, envelopeOf, headersOf } from './wire.ts';

export interface NatsTransportOptions {
  /** From `dial`; it stays open when the transport is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Troupes of different tenants do not hear each other; `default` unless told otherwise. */
  readonly tenant?: string;
}

/** Longer than any message is under way, in milliseconds. */
const bodiesLast = 24 * 3_600_000;

/** @example await using transport = nats({ connection: await dial({ servers: 'nats://127.0.0.1:4222' }), clock: systemClock() }); */
export function nats({ connection, clock, tenant = 'default' }: NatsTransportOptions): Transport {
  const at = subjects(tenant);
  const post = new Post(connection, clock, at.inbox(clock.id()));
  const large = blobs(connection, `troupe_${tenant}_bodies`, bodiesLast);
  const sending = new Lines();
  const hearing = new Set<Subscription>();
  let closed = false;
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') post.resend();
  })();

  const requireOpen = () => {
    if (closed) throw shut();
  };
  /** What is sent, and whether its body has to be put aside first. */
  const packed = (envelope: Envelope) => {
    const payload = bytesOf(copy(envelope.body)); // T5
    const isLarge = payload.length > roomIn(connection);
    return { payload: isLarge ? new Uint8Array() : payload, headers: headersOf(envelope), put: isLarge && payload };
  };
  const putAside = async ({ headers, put }: ReturnType<typeof packed>) => {
    if (put === false) return;
    const name = clock.id();
    await large.put(name, put);
    headers.set(blobHeader, name);
  };
  const unpacked = async (message: Msg) => {
    const name = message.headers?.get(blobHeader);
    return envelopeOf(message, name ? await large.get(name) : message.data);
  };
  const ears = new Ears(connection, at, unpacked);

  /** Who listens in this process hears it without the server, and never inside its sender. */
  const here = async (envelope: Envelope) => {
    const message = { ...envelope, body: copy(envelope.body) }; // T5
    await nextTurn;
    requireOpen();
    const receive = ears.get(message.to);
    await (receive ? receive(message) : abroad(message));
  };
  const abroad = (envelope: Envelope): Promise<void> => {
    const { to, type, from, run, deadline } = envelope;
    const sealed = packed(envelope);
    const { payload, headers } = sealed;
    // T1: a large body takes a way of its own, and nothing may pass it.
    const before = sending.through(`${from} ${to}`, sealed.put ? () => putAside(sealed) : undefined);
    const deliver = () => {
      requireOpen();
      return post.deliver({ subject: at.actor(to, run), to, type, payload, headers, deadline });
    };
    return before ? before.then(deliver) : deliver();
  };

  return {
    async send(envelope) {
      requireOpen();
      const { to, deadline } = envelope;
      if (deadline !== undefined && deadline < clock.now()) throw expired(envelope, clock.now());
      await (ears.get(to) ? here(envelope) : abroad(envelope));
    },

    listen(address, receive, run) {
      requireOpen();
      return ears.add(address, receive, run);
    },

    async publish(topic, envelope) {
      tokensOf(topic, false);
      const sealed = packed(envelope);
      requireOpen();
      await putAside(sealed);
      connection.publish(at.topic(topic), sealed.payload, { headers: sealed.headers });
    },

    subscribe(pattern, hear) {
      tokensOf(pattern, true);
      requireOpen();
      const subscription = connection.subscribe(at.topic(pattern), {
        callback: (error, message) => {
          if (error) return;
          // A hearer that breaks harms itself; what is no message of a troupe is nobody's news.
          void unpacked(message)
            .then((envelope) => hear(envelope, at.topicOf(message.subject)))
            .catch(() => {});
        },
      });
      hearing.add(subscription);
      return {
        [Symbol.dispose]() {
          if (hearing.delete(subscription) && !closed) subscription.unsubscribe();
        },
      };
    },

    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      post.close(shut());
      ears.close();
      for (const subscription of hearing) subscription.unsubscribe();
      await connection.flush().catch(() => {}); // What was said last is on its way; a server that is gone hears nothing.
    },
  };
}

const nextTurn = Promise.resolve();

const shut = () => new TroupeError('environment', 'This transport was closed; open another one to send or listen.');

const expired = ({ type, to, deadline }: Envelope, now: number) =>
  new TroupeError(
    'expired',
    `"${type}" for ${to} was sent ${now - deadline!} ms after its deadline. It was not delivered.`,
  );
