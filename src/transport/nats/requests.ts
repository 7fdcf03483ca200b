/** Sends messages and waits for their acknowledgements: one subscription for all answers to this process, and each message is sent again until it has one. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../values/clock.ts';
import { fromFailure, TroupeError, type Failure } from '../../values/failure.ts';
import { subscribeTo } from '../../nats/subscribe.ts';
import { bundleToken, decodeBundle, type BundledMessage } from './bundle.ts';
import { batchToken, unknownRecipient, decodeRefusal, batchTokens, type Heading } from './codec.ts';
import type { Parcel } from './parcel.ts';
import type { Peer, Peers } from './peers.ts';

/** Milliseconds after which a message without an answer is sent again: its recipient may have died before it answered. */
const resendAfter = 5_000;
/** Milliseconds after a reconnection in which a missing listener may only mean that its process has not reconnected yet. */
const reconnectGrace = 5_000;
/** Milliseconds between two checks of the waiting messages: none is sent again, or given up, much later than it should be. */
const checkInterval = 100;

interface Waiting {
  readonly parcel: Parcel;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** The process to which it went in a bundle; undefined when it went by the subject of its recipient. */
  peer: Peer | undefined;
  /** When to send it again unless it is answered before, in milliseconds since the epoch. */
  due: number;
}

/** What it works with. */
export interface RequestsOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** The subject below which the answers to this process arrive. */
  readonly inbox: string;
  readonly peers: Peers;
  /** The subject of a message's recipient. */
  readonly subjectOf: (heading: Heading) => string;
  /** Called with each message that came in a bundle. */
  readonly receive: (message: BundledMessage, peer: Peer) => void;
}

/** The messages of this process that wait for an answer. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #answers: Subscription;
  #count = 0;
  #graceUntil = -Infinity;
  /** One timer for all waiting messages: a timer for each would cost more than the message. */
  #timer: Disposable | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
    const { connection, inbox, peers } = options;
    this.#answers = subscribeTo(connection, `${inbox}.*`, (message) => {
      const token = message.subject.slice(inbox.length + 1);
      if (token.startsWith(bundleToken)) this.#receiveBundle(message);
      else if (token === batchToken) {
        const peer = peers.meet(message.reply ?? '');
        for (const one of batchTokens(message)) this.#accepted(one, peer);
      } else this.#answered(token, message);
    });
  }

  /** Resolves when the recipient has accepted it. Rejects with the recipient's refusal, `unknown_recipient`, `expired` or `environment`. */
  send(parcel: Parcel): Promise<void> {
    const { peers } = this.#options;
    const token = (this.#count++).toString(36);
    return new Promise<void>((resolve, reject) => {
      const peer = peers.routeTo(parcel.heading.to, parcel.characters);
      const waiting = { parcel, resolve, reject, peer, due: Infinity };
      this.#waiting.set(token, waiting);
      this.#send(token, waiting);
      this.#watch();
    });
  }

  /** Call it after a reconnection: messages that were under way may be lost, so all are sent again. */
  resend(): void {
    const { clock, peers } = this.#options;
    this.#graceUntil = clock.now() + reconnectGrace;
    peers.forgetPeers();
    this.#resendBySubject(() => true);
  }

  /** Rejects all that wait. */
  close(error: TroupeError): void {
    this.#timer?.[Symbol.dispose]();
    this.#answers.unsubscribe();
    for (const token of this.#waiting.keys()) this.#end(token)?.reject(error);
  }

  #send(token: string, waiting: Waiting): void {
    const { connection, clock, inbox, peers, subjectOf } = this.#options;
    const { parcel, peer } = waiting;
    const { to, type, deadline = Infinity } = parcel.heading;
    const now = clock.now();
    if (now > deadline) return this.#end(token)?.reject(expired(type, to));
    waiting.due = Math.min(now + resendAfter, deadline + 1);
    // A closed connection says so below.
    if (peer && !connection.isClosed()) return peer.send(parcel.bundled(token));
    try {
      peers.flush(); // T1
      const { payload, headers } = parcel.plain();
      connection.publish(subjectOf(parcel.heading), payload, { reply: `${inbox}.${token}`, headers });
    } catch (thrown) {
      this.#end(token)?.reject(thrown);
    }
  }

  /** In the order in which they were sent (T1). A bundle that was lost, or went to a process that is not the right one any more, goes by the subjects of its recipients. */
  #resendBySubject(which: (waiting: Waiting) => boolean): void {
    for (const [token, waiting] of this.#waiting) {
      if (!which(waiting)) continue;
      waiting.peer = undefined;
      this.#send(token, waiting);
    }
  }

  #receiveBundle(message: Msg): void {
    const { peers, receive } = this.#options;
    if (message.headers?.code === 503) {
      const gone = peers.withReply(message.subject);
      if (!gone) return;
      peers.forgetPeers(gone);
      return this.#resendBySubject(({ peer }) => peer === gone);
    }
    const from = peers.meet(message.reply ?? '');
    if (!from) return;
    const { accepted, refused, messages } = decodeBundle(message);
    for (const token of accepted) this.#accepted(token, from);
    for (const [token, failure] of refused) this.#refusedBy(from, token, failure);
    for (const each of messages) receive(each, from);
  }

  /** `by`: the process that has accepted it, when it takes bundles. */
  #accepted(token: string, by: Peer | undefined): void {
    const waiting = this.#end(token);
    if (!waiting) return;
    if (by && waiting.peer !== by) this.#options.peers.learn(waiting.parcel.heading.to, by);
    waiting.resolve();
  }

  #refusedBy(from: Peer, token: string, failure: Failure): void {
    const waiting = this.#waiting.get(token);
    if (!waiting) return;
    if (failure.kind !== 'unknown_recipient') return this.#end(token)?.reject(fromFailure(failure));
    // Meanwhile it went by the subject: that answer decides.
    if (waiting.peer !== from) return;
    const { to } = waiting.parcel.heading;
    this.#options.peers.forget(to);
    this.#resendBySubject(({ parcel, peer }) => peer === from && parcel.heading.to === to);
  }

  #answered(token: string, message: Msg): void {
    const waiting = this.#waiting.get(token);
    if (!waiting) return;
    if (message.headers?.code !== 503) {
      const refusal = decodeRefusal(message);
      if (!refusal) return this.#accepted(token, this.#options.peers.meet(message.reply ?? ''));
      return this.#end(token)?.reject(refusal);
    }
    const now = this.#options.clock.now();
    if (now >= this.#graceUntil) return this.#end(token)?.reject(unknownRecipient(waiting.parcel.heading.to));
    waiting.due = now + checkInterval;
  }

  /** Stops waiting for it. */
  #end(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }

  #watch(): void {
    const { clock, peers } = this.#options;
    this.#timer ??= clock.wake(clock.now() + checkInterval, () => {
      this.#timer = undefined;
      const now = clock.now();
      try {
        for (const { parcel, peer, due } of this.#waiting.values())
          if (peer && due <= now) peers.forget(parcel.heading.to);
        this.#resendBySubject(({ due }) => due <= now);
      } finally {
        if (this.#waiting.size > 0) this.#watch();
      }
    });
  }
}

const expired = (type: string, to: string) =>
  new TroupeError('expired', `"${type}" for ${to} was not taken over before its deadline. It may have arrived.`);
