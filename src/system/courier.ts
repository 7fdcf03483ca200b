/** Carries an actor's committed messages to where they go: in order per recipient, until taken, refused for good, or too late. */
import type { Clock } from '../contracts/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, type Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Journal } from '../journal/journal.ts';
import type { Transport } from '../transport/transport.ts';

export interface Undelivered {
  (envelope: Envelope, failure: Failure): void;
}

export class Courier {
  readonly #transport: Transport;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #undelivered: Undelivered;
  readonly #lines = new Map<Address, Promise<void>>();
  #stopped = false;

  constructor(transport: Transport, journal: Journal, clock: Clock, undelivered: Undelivered) {
    this.#transport = transport;
    this.#journal = journal;
    this.#clock = clock;
    this.#undelivered = undelivered;
  }

  get busy(): boolean {
    return this.#lines.size > 0;
  }

  /** `key` is settled once the message is where it belongs, or nowhere. */
  send(envelope: Envelope, key: string): void {
    const before = this.#lines.get(envelope.to);
    const line: Promise<void> = (
      before ? before.then(() => this.#carry(envelope, key)) : this.#carry(envelope, key)
    ).finally(() => {
      if (this.#lines.get(envelope.to) === line) this.#lines.delete(envelope.to);
    });
    this.#lines.set(envelope.to, line);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #carry(envelope: Envelope, key: string): Promise<void> {
    for (let pause = 10; !this.#stopped; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.#transport.send(envelope);
        return this.#journal.settle([key]);
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (this.#stopped || failure.kind === 'fenced') return;
        if (!failure.retryable) return await this.#give(envelope, key, failure);
        await new Promise<void>((resolve) => this.#clock.wake(this.#clock.now() + pause, resolve));
      }
    }
  }

  /** Refused for good. A recipient that has ended may have handled it before: then all is well. */
  async #give(envelope: Envelope, key: string, failure: Failure): Promise<void> {
    const handled = await this.#journal.handled(envelope.to, envelope.id).catch(() => undefined);
    if (!handled) this.#undelivered(envelope, failure);
    this.#journal.settle([key]);
  }
}
