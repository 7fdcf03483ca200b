/**
 * Requests to the server whose answers all come on one subscription. The requests of nats.js do the same, and make a timer and an error with its stack for
 * each: that took a tenth of the processor time of a node that is busy.
 */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import { NoRespondersError, PermissionViolationError, RequestError, TimeoutError } from '../../../nats/client.ts';
import { newInbox } from '../../../nats/connection.ts';
import { subscribeTo, watchStatus } from '../../../nats/subscribe.ts';
import type { Clock } from '../../../values/clock.ts';

/** How a request is sent. */
export interface ApiRequestOptions {
  /** Milliseconds until it counts as unanswered. */
  readonly timeout: number;
  readonly headers?: MsgHdrs;
}

/** A request without an answer. */
interface Waiting {
  readonly subject: string;
  /** When it counts as unanswered. */
  readonly due: number;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: Error) => void;
}

/** Where nobody listens, the server answers with this code. */
const noResponders = 503;

/** The requests of one process. */
export class ApiRequests implements Disposable {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #inbox: string;
  readonly #watching: Disposable;
  /** By the last token of the subject on which the answer comes. */
  readonly #waiting = new Map<string, Waiting>();
  #subscription: Subscription | undefined;
  #timer: { readonly at: number; readonly wake: Disposable } | undefined;
  #count = 0;
  #isClosed = false;

  constructor(connection: NatsConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#inbox = newInbox(connection);
    this.#watching = watchStatus(connection, (status) => {
      if (status.type === 'error' && status.error instanceof PermissionViolationError) this.#denied(status.error);
    });
    void connection.closed().then(() => this.#rejectAll(() => new RequestError('connection closed')));
  }

  /** Resolves with the answer. Rejects as `NatsConnection.request` does: nobody listens, the time is over, a permission is missing, the connection is closed. */
  send(subject: string, body: string | Uint8Array, { timeout, headers }: ApiRequestOptions): Promise<Msg> {
    if (this.#isClosed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#subscription ??= subscribeTo(this.#connection, `${this.#inbox}.*`, (message) => this.#answered(message));
      const token = (this.#count++).toString(36);
      // Before it is in the table: what cannot be sent is not waited for.
      this.#connection.publish(subject, body, {
        reply: `${this.#inbox}.${token}`,
        ...(headers === undefined ? {} : { headers }),
      });
      const due = this.#clock.now() + timeout;
      this.#waiting.set(token, { subject, due, resolve, reject });
      this.#wakeAt(due);
    });
  }

  /** Rejects all that wait. The connection stays open. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#watching[Symbol.dispose]();
    this.#timer?.wake[Symbol.dispose]();
    if (!this.#connection.isClosed()) this.#subscription?.unsubscribe();
    this.#rejectAll(closedError);
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#waiting.get(token);
    // It was answered too late, or it is none of ours.
    if (!waiting) return;
    this.#waiting.delete(token);
    if (message.data.length > 0 || message.headers?.code !== noResponders) return waiting.resolve(message);
    const cause = new NoRespondersError(waiting.subject);
    waiting.reject(new RequestError(cause.message, { cause }));
  }

  /** The server names the subject, and not the request: the first one of its subject was refused. */
  #denied(error: InstanceType<typeof PermissionViolationError>): void {
    if (error.operation === 'subscription') {
      if (error.subject !== `${this.#inbox}.*`) return;
      this.#subscription = undefined;
      return this.#rejectAll(() => new RequestError(error.message, { cause: error }));
    }
    for (const [token, { subject, reject }] of this.#waiting) {
      if (subject !== error.subject) continue;
      this.#waiting.delete(token);
      return reject(new RequestError(error.message, { cause: error }));
    }
  }

  #rejectAll(reason: () => Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason());
  }

  /** Most requests are answered at once, so one timer, for the first that may be late, is enough. */
  #wakeAt(at: number): void {
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.wake[Symbol.dispose]();
    this.#timer = { at, wake: this.#clock.wake(at, () => this.#late()) };
  }

  #late(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let next = Infinity;
    for (const [token, { due, reject }] of this.#waiting) {
      if (due > now) {
        next = Math.min(next, due);
        continue;
      }
      this.#waiting.delete(token);
      reject(new TimeoutError());
    }
    if (next < Infinity) this.#wakeAt(next);
  }
}

const closedError = () => new RequestError('the store of the shared journal was closed');
