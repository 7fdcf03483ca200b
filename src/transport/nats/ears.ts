/** Who listens in this process, and the subscriptions by which they hear: one for all actors of a run, so that an actor costs the server nothing. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Address } from '../../contracts/ids.ts';
import { Lines } from './lines.ts';
import type { Subjects } from './subjects.ts';
import { Thanks } from './thanks.ts';
import { blobHeader, envelopeOf, nobodyAt, recipientOf, refusal } from './wire.ts';

export type Receive = (envelope: Envelope) => Promise<void>;

interface Heard {
  readonly subject: string;
  readonly subscription: Subscription;
  listeners: number;
}

export class Ears {
  readonly #connection: NatsConnection;
  readonly #at: Subjects;
  readonly #unpacked: (message: Msg) => Promise<Envelope>;
  readonly #listeners = new Map<Address, Receive>();
  readonly #heard = new Map<string, Heard>();
  readonly #lines = new Lines();
  readonly #thanks: Thanks;
  #closed = false;

  /** `unpacked` reads a message whose body was put aside. */
  constructor(connection: NatsConnection, at: Subjects, unpacked: (message: Msg) => Promise<Envelope>) {
    this.#connection = connection;
    this.#at = at;
    this.#unpacked = unpacked;
    this.#thanks = new Thanks(connection, at.inbox(''));
  }

  /** Who listens at an address in this very process. */
  get(address: Address): Receive | undefined {
    return this.#listeners.get(address);
  }

  /** Throws `conflict`. */
  add(address: Address, receive: Receive, run: string | undefined): Disposable {
    if (this.#listeners.has(address))
      throw new TroupeError('conflict', `${address} has a listener already; dispose it before another one listens.`);
    const heard = this.#hear(this.#at.heard(address, run));
    heard.listeners++;
    this.#listeners.set(address, receive);
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.get(address) !== receive) return;
        this.#listeners.delete(address);
        this.#leave(heard);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const { subscription } of this.#heard.values()) subscription.unsubscribe();
  }

  /** One for a subject, which all who listen there share: an actor at rest keeps no name of it. */
  #hear(subject: string): Heard {
    const known = this.#heard.get(subject);
    if (known) return known;
    const heard = { subject, subscription: this.#subscribe(subject), listeners: 0 };
    this.#heard.set(subject, heard);
    return heard;
  }

  #leave(heard: Heard): void {
    if (--heard.listeners > 0) return;
    this.#heard.delete(heard.subject);
    if (!this.#closed) heard.subscription.unsubscribe();
  }

  #subscribe(subject: string): Subscription {
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        void this.#take(message).then(
          () => this.#accept(message),
          (thrown: unknown) => this.#refuse(message, thrown),
        );
      },
    });
  }

  #accept({ reply }: Msg): void {
    if (reply && !this.#closed) this.#thanks.say(reply);
  }

  #refuse({ reply }: Msg, thrown: unknown): void {
    if (!reply || this.#closed) return;
    const { payload, headers } = refusal(thrown);
    this.#connection.publish(reply, payload, { headers });
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
