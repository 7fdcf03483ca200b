/**
 * The other processes of the tenant that take bundles, and the actors known to be there. A process says so with each acknowledgement: the acknowledgement's
 * own reply subject is where the process takes bundles. An actor whose process is not known, and what has to be sent again, is sent to by the actor's subject.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { contain } from '../../values/contain.ts';
import type { Failure } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import { maxBodyBytes } from '../../nats/connection.ts';
import { bundleToken, encodeBundle, type BundleParts } from './bundle.ts';

/** Another process, and what waits to be sent to it. */
export class Peer {
  /** Where it takes bundles. */
  readonly subject: string;
  /** Where it sends its bundles to this process. */
  readonly reply: string;
  readonly #onPart: (peer: Peer) => void;
  #parts = newParts();
  #characters = 0;

  constructor(subject: string, reply: string, onPart: (peer: Peer) => void) {
    this.subject = subject;
    this.reply = reply;
    this.#onPart = onPart;
  }

  /** How many characters wait. */
  get characters(): number {
    return this.#characters;
  }

  /** Sends a message, as `Parcel.bundled` gives it. */
  send(message: string): void {
    this.#parts.messages.push(message);
    this.#add(message.length);
  }

  /** Acknowledges the message of its with this token. */
  accept(token: string): void {
    this.#parts.accepted.push(token);
    this.#add(token.length);
  }

  /** Refuses the message of its with this token. */
  refuse(token: string, failure: Failure): void {
    this.#parts.refused.push([token, failure]);
    this.#add(JSON.stringify(failure).length);
  }

  /** What waits, as the payload of a bundle. Afterwards nothing waits. */
  take(): string {
    const payload = encodeBundle(this.#parts);
    this.#parts = newParts();
    this.#characters = 0;
    return payload;
  }

  #add(characters: number): void {
    this.#characters += characters + perPart;
    this.#onPart(this);
  }
}

const newParts = (): BundleParts => ({ messages: [], accepted: [], refused: [] });
/** Characters around a part. */
const perPart = 4;
/** Addresses whose process is remembered. Beyond that all are forgotten, and learned again. */
const mostRoutes = 10_000;
/** Processes that are remembered, of which some may be gone. */
const mostPeers = 1_000;
/** A message with a longer body gains nothing in a bundle. */
const longestBody = 16 * 1024;

/** The processes that this one has met. */
export class Peers {
  /** The reply subject of acknowledgements to a process that is not known as a peer. */
  readonly announcement: string;
  readonly #connection: NatsConnection;
  readonly #inboxes: string;
  readonly #peers = new Map<string, Peer>();
  readonly #routes = new Map<Address, Peer>();
  #waiting = new Set<Peer>();
  #count = 0;
  /** How many characters fit, at three bytes each: a bundle grows by a last message beyond its limit. */
  #room = Infinity;

  /** `inbox`: the subject below which the answers to this process arrive. `inboxes`: how such subjects begin. */
  constructor(connection: NatsConnection, inbox: string, inboxes: string) {
    this.#connection = connection;
    this.#inboxes = inboxes;
    this.announcement = `${inbox}.${bundleToken}`;
  }

  /** The process with this inbox, when it takes bundles. */
  withInbox(inbox: string): Peer | undefined {
    return this.#peers.get(inbox);
  }

  /** The process that sends its bundles to this subject of this process. */
  withReply(reply: string): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.reply === reply) return peer;
    return undefined;
  }

  /** The process that takes bundles at a subject, which it has said itself; undefined when it is no subject for bundles. */
  meet(subject: string): Peer | undefined {
    const end = subject.lastIndexOf('.');
    if (!subject.startsWith(this.#inboxes) || !subject.startsWith(bundleToken, end + 1)) return undefined;
    const inbox = subject.slice(0, end);
    const known = this.#peers.get(inbox);
    if (known) return known;
    if (this.#peers.size >= mostPeers) this.forgetPeers();
    const reply = `${this.announcement}${++this.#count}`;
    this.#room = maxBodyBytes(this.#connection) / 8;
    const peer = new Peer(subject, reply, (changed) => this.#changed(changed));
    this.#peers.set(inbox, peer);
    return peer;
  }

  /** The process where an actor is, when it is known and takes a message of so many characters. */
  routeTo(address: Address, characters: number): Peer | undefined {
    return characters > Math.min(longestBody, this.#room) ? undefined : this.#routes.get(address);
  }

  /** Call it when an actor has shown where it is. */
  learn(address: Address, peer: Peer): void {
    if (this.#routes.get(address) === peer) return;
    if (this.#routes.size >= mostRoutes) this.#routes.clear();
    this.#routes.set(address, peer);
  }

  /** Call it when an actor may be elsewhere now. */
  forget(address: Address): void {
    this.#routes.delete(address);
  }

  /** Call it when a process is gone, or when nothing is known any more (`undefined`). */
  forgetPeers(gone?: Peer): void {
    this.flush();
    for (const [inbox, peer] of this.#peers) if (!gone || peer === gone) this.#peers.delete(inbox);
    for (const [address, peer] of this.#routes) if (!gone || peer === gone) this.#routes.delete(address);
  }

  /** Sends what waits. Call it before a message is sent by itself, which must not overtake what was sent before (T1). */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.size === 0) return;
    this.#waiting = new Set();
    for (const peer of waiting) {
      const payload = peer.take();
      // What was not published is sent again when its acknowledgement does not come.
      if (!this.#connection.isClosed())
        contain('A bundle', () => this.#connection.publish(peer.subject, payload, { reply: peer.reply }));
    }
  }

  #changed(peer: Peer): void {
    // Sent after what came together was handled, before the next turn of the event loop.
    if (this.#waiting.size === 0) process.nextTick(() => this.flush());
    this.#waiting.add(peer);
    if (peer.characters > Math.min(maxBundle, this.#room)) this.flush();
  }
}

/** Characters after which a bundle is sent at once. */
const maxBundle = 64 * 1024;
