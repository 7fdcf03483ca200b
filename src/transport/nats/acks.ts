/** Acknowledges messages: acknowledgements of the same turn of the event loop to the same process are sent as one message. */
import type { NatsConnection } from '@nats-io/transport-node';
import { contain } from '../../values/contain.ts';
import { batchToken } from './codec.ts';
import type { Peers } from './peers.ts';

/** The acknowledgements of this process. */
export class Acks {
  readonly #connection: NatsConnection;
  /** How the inboxes of processes begin. A sender with another reply subject is a plain NATS client and is answered one message at a time. */
  readonly #inboxes: string;
  readonly #peers: Peers;
  /** Tokens of the messages to acknowledge, by inbox. */
  #due = new Map<string, string[]>();

  constructor(connection: NatsConnection, inboxes: string, peers: Peers) {
    this.#connection = connection;
    this.#inboxes = inboxes;
    this.#peers = peers;
  }

  /** Acknowledges the message with this reply subject. */
  add(reply: string): void {
    if (!reply.startsWith(this.#inboxes)) return this.#connection.publish(reply);
    const end = reply.lastIndexOf('.');
    const [inbox, token] = [reply.slice(0, end), reply.slice(end + 1)];
    const peer = this.#peers.withInbox(inbox);
    if (peer) return peer.accept(token);
    const due = this.#due.get(inbox);
    if (due) return void due.push(token);
    // Sent after the messages that came together were handled, before the next turn of the event loop.
    if (this.#due.size === 0) process.nextTick(() => contain('An acknowledgement', () => this.#flush()));
    this.#due.set(inbox, [token]);
  }

  #flush(): void {
    const due = this.#due;
    this.#due = new Map();
    if (this.#connection.isClosed()) return;
    for (const [inbox, tokens] of due) {
      const [first] = tokens;
      const options = { reply: this.#peers.announcement };
      if (tokens.length === 1) this.#connection.publish(`${inbox}.${first}`, undefined, options);
      else this.#connection.publish(`${inbox}.${batchToken}`, tokens.join(' '), options);
    }
  }
}
