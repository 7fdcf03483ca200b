/** Who listens in this process, and the subscriptions by which they hear: one for all actors of a run, so that an actor costs the server nothing. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Address } from '../../contracts/ids.ts';
import { Lines } from './lines.ts';
import type { Subjects } from './subjects.ts';
import { answer, blobHeader, envelopeOf, nobodyAt, recipientOf } from './wire.ts';

export type Receive = (envelope: Envelope) => Promise<void>;

export class Ears {
  readonly #connection: NatsConnection;
  readonly #at: Subjects;
  readonly #unpacked: (message: Msg) => Promise<Envelope>;
  readonly #listeners = new Map<Address, Receive>();
  readonly #heard = new Map<string, { readonly subscription: Subscription; listeners: number }>();
  readonly #lines = new Lines();
  #closed = false;

  /** `unpacked` reads a message whose body was put aside. */
  constructor(connection: NatsConnection, at: Subjects, unpacked: (message: Msg) => Promise<Envelope>) {
    this.#connection = connection;
    this.#at = at;
    this.#unpacked = unpacked;
  }

  /** Who listens at an address in this very process. */
  get(address: Address): Receive | undefined {
    return this.#listeners.get(address);
  }

  /** Throws `conflict`. */
  add(address: Address, receive: Receive, run: string | undefined): Disposable {
    if (this.#listeners.has(address))
      throw new TroupeError('conflict', `${address} has a listener already; dispose it before another one listens.`);
    const subject = this.#at.heard(address, run);
    const heard = this.#heard.get(subject);
    if (heard) heard.listeners++;
    else this.#heard.set(subject, { subscription: this.#subscribe(subject), listeners: 1 });
    this.#listeners.set(address, receive);
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.get(address) !== receive) return;
        this.#listeners.delete(address);
        this.#leave(subject);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const { subscription } of this.#heard.values()) subscription.unsubscribe();
  }

  #leave(subject: string): void {
    const heard = this.#heard.get(subject)!;
    if (--heard.listeners > 0) return;
    this.#heard.delete(subject);
    if (!this.#closed) heard.subscription.unsubscribe();
  }

  #subscribe(subject: string): Subscription {
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        const say = (thrown?: unknown) => {
          if (this.#closed || !message.reply) return;
          const { payload, headers } = answer(thrown);
          this.#connection.publish(message.reply, payload, { headers });
        };
        void this.#take(message).then(() => say(), say);
      },
    });
  }

  async #take(message: Msg): Promise<void> {
    const isLarge = message.headers?.has(blobHeader);
    const { from, to } = recipientOf(message);
    let envelope: Envelope | undefined;
    // T1: a large body comes by a way of its own, and nothing may pass it.
    const fetch = isLarge ? async () => void (envelope = await this.#unpacked(message)) : undefined;
    const before = this.#lines.through(`${from} ${to}`, fetch);
    if (before) await before;
    envelope ??= envelopeOf(message, message.data);
    if (this.#at.actor(envelope.to, envelope.run) !== message.subject)
      throw new TroupeError(
        'invalid',
        `A message for ${envelope.to} of the run ${envelope.run} came on ${message.subject}.`,
      );
    const receive = this.#listeners.get(envelope.to);
    if (!receive) throw nobodyAt(envelope.to);
    await receive(envelope);
  }
}
