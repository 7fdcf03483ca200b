/** Messages that wait for their recipient's word: one subscription for all answers of this process, and each message sent again until it has one. */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '../../contracts/clock.ts';
import { TroupeError } from '../../contracts/failure.ts';
import { nobodyAt, refusalIn } from './wire.ts';

/** Milliseconds after which a message without an answer is sent again: its recipient may have died with it. */
const again = 5_000;
/** For so long after the server was lost, that nobody listens at an address may only mean that its process is not back yet. Milliseconds. */
const doubt = 5_000;
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
  send(): void;
  answered(message: Msg): void;
  fail(error: TroupeError): void;
}

export class Post {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #answers: Subscription;
  #count = 0;
  #doubtUntil = -Infinity;

  constructor(connection: NatsConnection, clock: Clock, inbox: string) {
    this.#connection = connection;
    this.#clock = clock;
    this.#inbox = inbox;
    this.#answers = connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (!error) this.#waiting.get(message.subject.slice(inbox.length + 1))?.answered(message);
      },
    });
  }

  /** Resolves when the recipient has taken it over. Rejects with what it refused with, `unknown_recipient`, `expired` or `environment`. */
  deliver({ subject, to, type, payload, headers, deadline = Infinity }: Letter): Promise<void> {
    const token = (this.#count++).toString(36);
    const reply = `${this.#inbox}.${token}`;
    let timer: Disposable | undefined;
    return new Promise<void>((resolve, reject) => {
      const send = () => {
        timer?.[Symbol.dispose]();
        const now = this.#clock.now();
        if (now > deadline) return reject(late(type, to));
        this.#connection.publish(subject, payload, { reply, headers });
        timer = this.#clock.wake(Math.min(now + again, deadline + 1), send);
      };
      const answered = (message: Msg) => {
        if (message.headers?.code === 503) {
          const now = this.#clock.now();
          if (now >= this.#doubtUntil) return reject(nobodyAt(to));
          timer?.[Symbol.dispose]();
          return void (timer = this.#clock.wake(now + glance, send));
        }
        const refusal = refusalIn(message);
        if (refusal) reject(refusal);
        else resolve();
      };
      this.#waiting.set(token, { send, answered, fail: reject });
      send();
    }).finally(() => {
      timer?.[Symbol.dispose]();
      this.#waiting.delete(token);
    });
  }

  /** The connection is back: what was under way may be lost. */
  resend(): void {
    this.#doubtUntil = this.#clock.now() + doubt;
    for (const { send } of this.#waiting.values()) send();
  }

  close(error: TroupeError): void {
    this.#answers.unsubscribe();
    for (const { fail } of this.#waiting.values()) fail(error);
  }
}

const late = (type: string, to: string) =>
  new TroupeError('expired', `"${type}" for ${to} was not taken over before its deadline. It may have arrived.`);
