/** The listeners of this process and their subscriptions: one subscription for all actors of a run, so that an actor costs the server nothing. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import { Ordering } from './ordering.ts';
import { blobHeader } from '../../nats/bodies.ts';
import { subscribeTo } from '../../nats/subscribe.ts';
import type { MessageSubjects } from './subjects.ts';
import { Acks } from './acks.ts';
import type { BundledMessage } from './bundle.ts';
import {
  decodeBundled,
  decodeEnvelope,
  encodeRefusal,
  recipientOf,
  sendableFailure,
  unknownRecipient,
} from './codec.ts';
import type { Peer, Peers } from './peers.ts';

/** Takes a message over; rejects to refuse it. */
export type Receive = (envelope: Envelope) => Promise<void>;

interface SharedSubscription {
  readonly subject: string;
  readonly subscription: Subscription;
  listeners: number;
}

/** Receives the messages of this process's actors, acknowledges or refuses each, and keeps their order (T1). */
export class Listeners {
  readonly #connection: NatsConnection;
  readonly #subjects: MessageSubjects;
  readonly #decode: (message: Msg) => Promise<Envelope>;
  readonly #listeners = new Map<Address, Receive>();
  /** By run: who takes the messages to actors of it that have no listener. */
  readonly #forRuns = new Map<string, Receive>();
  readonly #subscriptions = new Map<string, SharedSubscription>();
  readonly #ordering = new Ordering();
  readonly #acks: Acks;
  #closed = false;

  /** `decode` reads a message whose body is in the object store. */
  constructor(
    connection: NatsConnection,
    subjects: MessageSubjects,
    peers: Peers,
    decode: (message: Msg) => Promise<Envelope>,
  ) {
    this.#connection = connection;
    this.#subjects = subjects;
    this.#decode = decode;
    this.#acks = new Acks(connection, subjects.inbox(''), peers);
  }

  /** The listener at an address in this process. */
  get(address: Address): Receive | undefined {
    return this.#listeners.get(address);
  }

  /** Listens at an address, as `Transport.listen`. Throws `conflict` when it has a listener. */
  add(address: Address, receive: Receive, run: string | undefined, isForRun = false): Disposable {
    if (this.#listeners.has(address))
      throw new TroupeError('conflict', `${address} has a listener already; dispose it before another one listens.`);
    const shared = this.#share(this.#subjects.subscriptionFor(address, run));
    shared.listeners++;
    this.#listeners.set(address, receive);
    if (isForRun && run !== undefined) this.#forRuns.set(run, receive);
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.get(address) !== receive) return;
        this.#listeners.delete(address);
        if (isForRun && run !== undefined) this.#forRuns.delete(run);
        this.#leave(shared);
      },
    };
  }

  /** Takes a message that came in a bundle. */
  take(message: BundledMessage, peer: Peer): void {
    const [token] = message;
    const refuse = (thrown: unknown) => this.#closed || peer.refuse(token, sendableFailure(thrown));
    try {
      const envelope = decodeBundled(message);
      const before = this.#ordering.inOrder(envelope.from, envelope.to);
      const delivered = before ? before.then(() => this.#deliver(envelope)) : this.#deliver(envelope);
      void delivered.then(() => this.#closed || peer.accept(token), refuse);
    } catch (thrown) {
      refuse(thrown);
    }
  }

  /** Stops receiving. */
  close(): void {
    this.#closed = true;
    for (const { subscription } of this.#subscriptions.values()) subscription.unsubscribe();
  }

  /** The subscription to a subject, which all listeners there share. */
  #share(subject: string): SharedSubscription {
    const known = this.#subscriptions.get(subject);
    if (known) return known;
    const shared = { subject, subscription: this.#subscribe(subject), listeners: 0 };
    this.#subscriptions.set(subject, shared);
    return shared;
  }

  #leave(shared: SharedSubscription): void {
    if (--shared.listeners > 0) return;
    this.#subscriptions.delete(shared.subject);
    if (!this.#closed) shared.subscription.unsubscribe();
  }

  #subscribe(subject: string): Subscription {
    return subscribeTo(this.#connection, subject, (message) =>
      this.#receive(message).then(
        () => this.#accept(message),
        (thrown: unknown) => this.#refuse(message, thrown),
      ),
    );
  }

  #accept({ reply }: Msg): void {
    if (reply && !this.#closed) this.#acks.add(reply);
  }

  #refuse({ reply }: Msg, thrown: unknown): void {
    if (!reply || this.#closed) return;
    const { payload, headers } = encodeRefusal(thrown);
    this.#connection.publish(reply, payload, { headers });
  }

  async #receive(message: Msg): Promise<void> {
    const isLarge = message.headers?.has(blobHeader);
    const { from, to } = recipientOf(message);
    let envelope: Envelope | undefined;
    // T1: a large body is fetched from the object store, and later messages must not overtake it.
    const fetch = isLarge ? async () => void (envelope = await this.#decode(message)) : undefined;
    const before = this.#ordering.inOrder(from, to, fetch);
    if (before) await before;
    envelope ??= decodeEnvelope(message, message.data);
    if (this.#subjects.actor(envelope.to, envelope.run) !== message.subject)
      throw new TroupeError(
        'invalid',
        `A message for ${envelope.to} of the run ${envelope.run} came on ${message.subject}.`,
      );
    await this.#deliver(envelope);
  }

  #deliver(envelope: Envelope): Promise<void> {
    const receive = this.#listeners.get(envelope.to) ?? this.#forRuns.get(envelope.run);
    if (!receive) throw unknownRecipient(envelope.to);
    return receive(envelope);
  }
}
