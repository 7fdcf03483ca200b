/**
 * Carries messages between processes over NATS. A message waits for its recipient's acknowledgement (T2) and is sent again until it has it (T3). The
 * connection is never given up: after a reconnection, messages that were under way are sent again.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../values/clock.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../values/failure.ts';
import { reasonOf } from '../../values/cause.ts';
import { maxBodyBytes } from '../../nats/connection.ts';
import { blobHeader, bodyStore } from '../../nats/bodies.ts';
import { subscribeTo, watchStatus } from '../../nats/subscribe.ts';
import { copyJson } from '../../values/copyJson.ts';
import { topicTokens } from '../topics.ts';
import type { Transport } from '../transport.ts';
import { Listeners } from './listeners.ts';
import { Ordering } from './ordering.ts';
import { Requests } from './requests.ts';
import { messageSubjects } from './subjects.ts';
import { decodeEnvelope } from './codec.ts';
import type { BundledMessage } from './bundle.ts';
import { Parcel } from './parcel.ts';
import { Peers, type Peer } from './peers.ts';

/** How it is made. */
export interface NatsTransportOptions {
  /** From `connectNats`. It stays open when the transport is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Processes of different tenants do not receive each other's messages. Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a cluster bodies are stored that are too large for a message. Default: 1. */
  readonly replicas?: number;
}

/**
 * Makes a transport over a connection.
 * @example await using transport = nats({ connection: await connectNats({ servers: 'nats://127.0.0.1:4222' }), clock: systemClock() });
 */
export function nats({ connection, clock, tenant = 'default', replicas }: NatsTransportOptions): Transport {
  const names = messageSubjects(tenant);
  const inbox = names.inbox(clock.id());
  const peers = new Peers(connection, inbox, names.inbox(''));
  const bodies = bodyStore(connection, clock, tenant, replicas);
  const sending = new Ordering();
  const subscriptions = new Set<Subscription>();
  let closed = false;
  const watching = watchStatus(connection, ({ type }) => {
    if (type === 'reconnect') requests.resend();
  });

  const requireOpen = () => {
    if (closed) throw closedError();
  };
  /** A body that is too large for a message is put into the object store; undefined when this one is not. */
  const storing = (parcel: Parcel): (() => Promise<void>) | undefined => {
    const large = parcel.largerThan(maxBodyBytes(connection));
    return large && (async () => parcel.storedAs(await storeBody(large)));
  };
  const storeBody = async (large: Uint8Array) => {
    await bodies.open().catch((cause: unknown) => {
      throw new TroupeError(
        'invalid',
        `A message of ${large.length} bytes is more than this NATS server takes (${connection.info?.max_payload ?? 0}), and it has no object store for larger ones (${reasonOf(cause)}). Start it with JetStream (-js), or raise its max_payload.`,
        { cause },
      );
    });
    const name = clock.id();
    await bodies.putBytes(name, large);
    return name;
  };
  const loadBody = async (name: string) => {
    const bytes = await bodies.getBytes(name);
    if (bytes) return bytes;
    throw new TroupeError('environment', `What was put into the object store as ${name} is gone.`, { retryable: true });
  };
  const decode = async (message: Msg) => {
    const name = message.headers?.get(blobHeader);
    return decodeEnvelope(message, name ? await loadBody(name) : message.data);
  };
  const listeners = new Listeners(connection, names, peers, decode);
  const receive = (message: BundledMessage, peer: Peer) => listeners.take(message, peer);
  const requests = new Requests({
    connection,
    clock,
    inbox,
    peers,
    receive,
    subjectOf: ({ to, run }) => names.actor(to, run),
  });

  /** Delivers inside this process without the server, and never inside the call of the sender. */
  const deliverLocally = async (envelope: Envelope) => {
    const message = { ...envelope, body: copyJson(envelope.body) }; // T5
    await nextTurn;
    requireOpen();
    const receive = listeners.get(message.to);
    await (receive ? receive(message) : deliverRemotely(message));
  };
  const deliverRemotely = (envelope: Envelope): Promise<void> => {
    const { from, to } = envelope;
    const parcel = new Parcel(envelope);
    // T1: a large body is stored first, and later messages must not overtake it.
    const before = sending.inOrder(from, to, storing(parcel));
    const deliver = () => {
      requireOpen();
      return requests.send(parcel);
    };
    return before ? before.then(deliver) : deliver();
  };

  return {
    // Not async: a promise for each message would be waited for by another one.
    send(envelope) {
      try {
        requireOpen();
        const { to, deadline } = envelope;
        if (deadline !== undefined && deadline < clock.now()) throw expired(envelope, clock.now() - deadline);
        return listeners.get(to) ? deliverLocally(envelope) : deliverRemotely(envelope);
      } catch (thrown) {
        return Promise.reject(thrown as Error);
      }
    },

    listen(address, receive, run, isForRun) {
      requireOpen();
      return listeners.add(address, receive, run, isForRun);
    },

    async publish(topic, envelope) {
      topicTokens(topic, false);
      const parcel = new Parcel(envelope);
      requireOpen();
      await storing(parcel)?.();
      const { payload, headers } = parcel.plain();
      connection.publish(names.topic(topic), payload, { headers });
    },

    subscribe(pattern, deliver) {
      topicTokens(pattern, true);
      requireOpen();
      const subscription = subscribeTo(connection, names.topic(pattern), async (message) =>
        deliver(await decode(message), names.topicOf(message.subject)),
      );
      subscriptions.add(subscription);
      return {
        [Symbol.dispose]() {
          if (subscriptions.delete(subscription) && !closed) subscription.unsubscribe();
        },
      };
    },

    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      watching[Symbol.dispose]();
      peers.flush();
      requests.close(closedError());
      listeners.close();
      for (const subscription of subscriptions) subscription.unsubscribe();
      await connection.flush().catch(() => {}); // So that the last messages are sent. Without a server there is nothing to wait for.
    },
  };
}

const nextTurn = Promise.resolve();

const closedError = () =>
  new TroupeError('environment', 'This transport was closed; open another one to send or listen.');

/** `late`: milliseconds since the deadline. */
const expired = ({ type, to }: Envelope, late: number) =>
  new TroupeError('expired', `"${type}" for ${to} was sent ${late} ms after its deadline. It was not delivered.`);
