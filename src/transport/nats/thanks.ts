/** Acknowledgements: those of one moment that go to the same process travel as one message. */
import type { NatsConnection } from '@nats-io/transport-node';
import { manyTaken } from './wire.ts';

export class Thanks {
  readonly #connection: NatsConnection;
  /** What the inboxes of processes begin with; whoever waits elsewhere is answered one by one. */
  readonly #inboxes: string;
  /** Tokens by inbox. */
  #owed = new Map<string, string[]>();

  constructor(connection: NatsConnection, inboxes: string) {
    this.#connection = connection;
    this.#inboxes = inboxes;
  }

  /** Says at a reply subject that a message was taken over. */
  say(reply: string): void {
    if (!reply.startsWith(this.#inboxes)) return this.#connection.publish(reply);
    const end = reply.lastIndexOf('.');
    const [inbox, token] = [reply.slice(0, end), reply.slice(end + 1)];
    const owed = this.#owed.get(inbox);
    if (owed) return void owed.push(token);
    // When all that came together has been looked at, and nothing else is left to do at once.
    if (this.#owed.size === 0) process.nextTick(() => this.#pay());
    this.#owed.set(inbox, [token]);
  }

  #pay(): void {
    const owed = this.#owed;
    this.#owed = new Map();
    if (this.#connection.isClosed()) return;
    for (const [inbox, tokens] of owed) {
      const [first] = tokens;
      if (tokens.length === 1) this.#connection.publish(`${inbox}.${first}`);
      else this.#connection.publish(`${inbox}.${manyTaken}`, tokens.join(' '));
    }
  }
}
