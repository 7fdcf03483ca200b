/** How code outside the engine speaks to an actor: typed asks, each with a deadline, and tells. */
import type { Alarm, Clock } from '../values/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { FailureBody } from '../contracts/envelope.ts';
import { fromFailure, TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { AskNames, BodyInput, Messages, MessageName, Protocol, Reply, TellNames } from '../contracts/protocol.ts';
import type { Transport } from '../transport/transport.ts';

/** A typed reference to an actor. */
export interface Ref<M extends Messages, Handles extends MessageName<M> = MessageName<M>> {
  /** Where the actor is reached: `type/key`. */
  readonly address: Address;
  /** Sends and waits for one of the replies the protocol allows. Rejects with the receiver's failure, or `timeout`. */
  ask<K extends Handles & AskNames<M>>(type: K, body: BodyInput<M, K>, options?: AskOptions): Promise<Reply<M, K>>;
  /** Sends; resolves when the receiver has committed it. */
  tell<K extends Handles & TellNames<M>>(
    type: K,
    body: BodyInput<M, K>,
    options?: {
      /** The same id is the same message: it is handled once. Default: a new id. */
      id?: string;
    },
  ): Promise<void>;
}

/** Settings of one ask. Every field may be left out. */
export interface AskOptions {
  /** The same id is the same question: it is handled once, and the reply is given again. Default: a new id. */
  id?: string;
  /** How long to wait for the reply, in milliseconds; default 30,000. */
  timeout?: number;
}

/** A caller that waits for an answer. */
interface Waiting {
  readonly question: Envelope & { readonly deadline: number };
  /** What the caller allowed, in milliseconds. */
  readonly timeout: number;
  resolve(envelope: Envelope): void;
  reject(error: unknown): void;
}

/** Where replies to this process arrive: a listener with an address of its own. Its address type is `door`, which is stored in envelopes. */
export class ReplyChannel implements Disposable {
  readonly address: Address;
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** The callers that wait, by the id of their question; the same question may be asked twice. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #listener: Disposable;
  /** One timer for all callers, at the earliest deadline or before it: a timer for each would cost as much as the question. */
  #timer: Alarm | undefined;
  #wakesAt = Infinity;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
    this.address = `door/${clock.id()}`;
    this.#listener = transport.listen(this.address, async (envelope) => {
      const { correlation = '', kind, body } = envelope;
      const waiting = this.#waiting.get(correlation);
      if (!waiting) throw new TroupeError('unknown_recipient', `Nobody waits for an answer to ${correlation}.`);
      const failure = kind === 'failure' ? FailureBody.parse(body).failure : undefined;
      this.#forget(correlation);
      for (const caller of waiting) {
        if (failure) caller.reject(fromFailure(failure));
        else caller.resolve(envelope);
      }
    });
  }

  ref<M extends Messages, H extends MessageName<M> = MessageName<M>>(
    protocol: Protocol<M>,
    address: Address,
    run: string,
  ): Ref<M, H> {
    const envelope = (type: MessageName<M>, body: unknown, kind: 'ask' | 'tell', id = this.#clock.id()): Envelope => ({
      id,
      type,
      body: protocol.parse(type, body) as Json,
      from: this.address,
      to: address,
      run,
      kind,
    });
    return {
      address,
      tell: (type, body, { id } = {}) => this.#transport.send(envelope(type, body, 'tell', id)),
      ask: async (type, body, { id, timeout = 30_000 } = {}) => {
        const { replies = [] } = protocol.messages[type] ?? {};
        const deadline = this.#clock.now() + timeout;
        const answer = await this.#ask(Object.assign(envelope(type, body, 'ask', id), { deadline }), timeout);
        if (!replies.includes(answer.type))
          throw new TroupeError(
            'unknown_message',
            `"${type}" may be answered by ${replies.join(', ')}; ${address} answered "${answer.type}".`,
          );
        return { type: answer.type, body: protocol.parse(answer.type as MessageName<M>, answer.body) } as Reply<
          M,
          typeof type
        >;
      },
    };
  }

  #ask(question: Waiting['question'], timeout: number): Promise<Envelope> {
    return new Promise<Envelope>((resolve, reject) => {
      const caller = { question, timeout, resolve, reject };
      const others = this.#waiting.get(question.id);
      if (others) others.push(caller);
      else this.#waiting.set(question.id, [caller]);
      this.#watch(question.deadline);
      // A rejection comes back here; an acceptance only means that the reply will come by itself.
      this.#transport.send(question).catch((thrown: unknown) => {
        this.#end(caller);
        reject(thrown);
      });
    });
  }

  /** It waits no more. */
  #end(caller: Waiting): void {
    const { id } = caller.question;
    const waiting = this.#waiting.get(id);
    const at = waiting?.indexOf(caller) ?? -1;
    if (!waiting || at < 0) return;
    if (waiting.length > 1) waiting.splice(at, 1);
    else this.#forget(id);
  }

  /** Nobody waits for the answer to this question any more. */
  #forget(id: string): void {
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    // Only a caller that waits keeps the process alive. The timer itself serves the next one: setting one for each would cost a tenth of an ask.
    if (this.#timer?.keepAlive) this.#timer.keepAlive(false);
    else this.#unwatch();
  }

  #watch(deadline: number): void {
    if (this.#wakesAt <= deadline) return this.#timer?.keepAlive?.(true);
    this.#unwatch();
    this.#wakesAt = deadline;
    this.#timer = this.#clock.wake(deadline, () => this.#expire());
  }

  #unwatch(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#wakesAt = Infinity;
  }

  #expire(): void {
    this.#unwatch();
    const now = this.#clock.now();
    let next = Infinity;
    for (const caller of [...this.#waiting.values()].flat()) {
      const { deadline } = caller.question;
      if (deadline > now) next = Math.min(next, deadline);
      else {
        this.#end(caller);
        caller.reject(timeoutError(caller));
      }
    }
    if (next < Infinity) this.#watch(next);
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
    const stopped = new TroupeError('cancelled', 'This process stopped listening for answers.');
    for (const caller of [...this.#waiting.values()].flat()) {
      this.#end(caller);
      caller.reject(stopped);
    }
    this.#unwatch();
  }
}

const timeoutError = ({ question: { id, type, to }, timeout }: Waiting) =>
  new TroupeError(
    'timeout',
    `${to} gave no answer to "${type}" within ${timeout} ms. Ask again with id ${id} to get the same answer.`,
  );
