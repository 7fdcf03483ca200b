/** Sends messages and waits for their acknowledgements: one subscription for all answers to this process, and each message is sent again until it has one. */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { subscribeTo } from '../../nats/subscribe.ts';
import { batchToken, unknownRecipient, decodeRefusal, batchTokens } from './codec.ts';

/** Milliseconds after which a message without an answer is sent again: its recipient may have died before it answered. */
const resendAfter = 5_000;
/** Milliseconds after a reconnection in which a missing listener may only mean that its process has not reconnected yet. */
const reconnectGrace = 5_000;
/** Milliseconds between two checks of the waiting messages: none is sent again, or given up, much later than it should be. */
const checkInterval = 100;

/** A message to send. */
export interface Outgoing {
  readonly subject: string;
  readonly to: string;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
  /** In milliseconds since the epoch: after it the message is rejected with `expired`. Default: none. */
  readonly deadline?: number | undefined;
}

interface Waiting {
  readonly outgoing: Outgoing;
  readonly reply: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** When to send it again unless it is answered before, in milliseconds since the epoch. */
  due: number;
}

/** The messages of this process that wait for an answer. */
export class Requests {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #answers: Subscription;
  #count = 0;
  #graceUntil = -Infinity;
  /** One timer for all waiting messages: a timer for each would cost more than the message. */
  #timer: Disposable | undefined;

  constructor(connection: NatsConnection, clock: Clock, inbox: string) {
    this.#connection = connection;
    this.#clock = clock;
    this.#inbox = inbox;
    this.#answers = subscribeTo(connection, `${inbox}.*`, (message) => {
      const token = message.subject.slice(inbox.length + 1);
      if (token === batchToken) for (const one of batchTokens(message)) this.#end(one)?.resolve();
      else this.#answered(token, message);
    });
  }

  /** Resolves when the recipient has accepted it. Rejects with the recipient's refusal, `unknown_recipient`, `expired` or `environment`. */
  send(outgoing: Outgoing): Promise<void> {
    const token = (this.#count++).toString(36);
    return new Promise<void>((resolve, reject) => {
      const waiting = { outgoing, reply: `${this.#inbox}.${token}`, resolve, reject, due: Infinity };
      this.#waiting.set(token, waiting);
      this.#send(token, waiting);
      this.#watch();
    });
  }

  /** Call it after a reconnection: messages that were under way may be lost, so all are sent again. */
  resend(): void {
    this.#graceUntil = this.#clock.now() + reconnectGrace;
    for (const [token, waiting] of this.#waiting) this.#send(token, waiting);
  }

  /** Rejects all that wait. */
  close(error: TroupeError): void {
    this.#timer?.[Symbol.dispose]();
    this.#answers.unsubscribe();
    for (const token of this.#waiting.keys()) this.#end(token)?.reject(error);
  }

  #send(token: string, waiting: Waiting): void {
    const { outgoing, reply } = waiting;
    const { subject, to, type, payload, headers, deadline = Infinity } = outgoing;
    const now = this.#clock.now();
    if (now > deadline) return this.#end(token)?.reject(expired(type, to));
    waiting.due = Math.min(now + resendAfter, deadline + 1);
    try {
      this.#connection.publish(subject, payload, { reply, headers });
    } catch (thrown) {
      this.#end(token)?.reject(thrown);
    }
  }

  #answered(token: string, message: Msg): void {
    const waiting = this.#waiting.get(token);
    if (!waiting) return;
    if (message.headers?.code !== 503) {
      const refusal = decodeRefusal(message);
      this.#end(token);
      return refusal ? waiting.reject(refusal) : waiting.resolve();
    }
    const now = this.#clock.now();
    if (now >= this.#graceUntil) return this.#end(token)?.reject(unknownRecipient(waiting.outgoing.to));
    waiting.due = now + checkInterval;
  }

  /** Stops waiting for it. */
  #end(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }

  #watch(): void {
    this.#timer ??= this.#clock.wake(this.#clock.now() + checkInterval, () => {
      this.#timer = undefined;
      const now = this.#clock.now();
      try {
        for (const [token, waiting] of this.#waiting) if (waiting.due <= now) this.#send(token, waiting);
      } finally {
        if (this.#waiting.size > 0) this.#watch();
      }
    });
  }
}

const expired = (type: string, to: string) =>
  new TroupeError('expired', `"${type}" for ${to} was not taken over before its deadline. It may have arrived.`);
