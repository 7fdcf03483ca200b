/** Messages that wait for their recipient's word: one subscription for all answers of this process, and each message sent again until it has one. */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../contracts/clock.ts';
import { TroupeError } from '../../contracts/failure.ts';
import { manyTaken, nobodyAt, refusalIn, tokensIn } from './wire.ts';

/** Milliseconds after which a message without an answer is sent again: its recipient may have died with it. */
const again = 5_000;
/** For so long after the server was lost, that nobody listens at an address may only mean that its process is not back yet. Milliseconds. */
const doubt = 5_000;
/** Milliseconds between two looks at what waits: nothing is sent again, or given up, much later than it should be. */
const glance = 100;

export interface Letter {
  readonly subject: string;
  readonly to: string;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
  /** Milliseconds since the epoch: nobody waits longer. */
  readonly deadline?: number | undefined;
}

interface Waiting {
  readonly letter: Letter;
  readonly reply: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** When to send it again, unless it is answered before. */
  due: number;
}

export class Post {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #answers: Subscription;
  #count = 0;
  #doubtUntil = -Infinity;
  /** One look in a while at all that wait: a timer for each message would cost more than the message. */
  #round: Disposable | undefined;

  constructor(connection: NatsConnection, clock: Clock, inbox: string) {
    this.#connection = connection;
    this.#clock = clock;
    this.#inbox = inbox;
    this.#answers = connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error) return;
        const token = message.subject.slice(inbox.length + 1);
        if (token === manyTaken) for (const one of tokensIn(message)) this.#end(one)?.resolve();
        else this.#answered(token, message);
      },
    });
  }

  /** Resolves when the recipient has taken it over. Rejects with what it refused with, `unknown_recipient`, `expired` or `environment`. */
  deliver(letter: Letter): Promise<void> {
    const token = (this.#count++).toString(36);
    return new Promise<void>((resolve, reject) => {
      const waiting = { letter, reply: `${this.#inbox}.${token}`, resolve, reject, due: Infinity };
      this.#waiting.set(token, waiting);
      this.#send(token, waiting);
      this.#watch();
    });
  }

  /** The connection is back: what was under way may be lost. */
  resend(): void {
    this.#doubtUntil = this.#clock.now() + doubt;
    for (const [token, waiting] of this.#waiting) this.#send(token, waiting);
  }

  close(error: TroupeError): void {
    this.#round?.[Symbol.dispose]();
    this.#answers.unsubscribe();
    for (const token of this.#waiting.keys()) this.#end(token)?.reject(error);
  }

  #send(token: string, waiting: Waiting): void {
    const { letter, reply } = waiting;
    const { subject, to, type, payload, headers, deadline = Infinity } = letter;
    const now = this.#clock.now();
    if (now > deadline) return this.#end(token)?.reject(late(type, to));
    waiting.due = Math.min(now + again, deadline + 1);
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
      const refusal = refusalIn(message);
      this.#end(token);
      return refusal ? waiting.reject(refusal) : waiting.resolve();
    }
    const now = this.#clock.now();
    if (now >= this.#doubtUntil) return this.#end(token)?.reject(nobodyAt(waiting.letter.to));
    waiting.due = now + glance;
  }

  /** Nothing more is expected for it. */
  #end(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }

  #watch(): void {
    this.#round ??= this.#clock.wake(this.#clock.now() + glance, () => {
      this.#round = undefined;
      const now = this.#clock.now();
      for (const [token, waiting] of this.#waiting) if (waiting.due <= now) this.#send(token, waiting);
      if (this.#waiting.size > 0) this.#watch();
    });
  }
}

const late = (type: string, to: string) =>
  new TroupeError('expired', `"${type}" for ${to} was not taken over before its deadline. It may have arrived.`);
