/** How code outside the engine speaks to an actor: typed asks, each with a deadline, and tells. */
import type { Clock } from '../values/clock.ts';
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

interface Waiting {
  resolve(envelope: Envelope): void;
  reject(error: TroupeError): void;
}

/** Where replies to this process arrive: a listener with an address of its own. Its address type is `door`, which is stored in envelopes. */
export class ReplyChannel implements Disposable {
  readonly address: Address;
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** The callers that wait, by the id of their question; the same question may be asked twice. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #listener: Disposable;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
    this.address = `door/${clock.id()}`;
    this.#listener = transport.listen(this.address, async (envelope) => {
      const waiting = this.#waiting.get(envelope.correlation ?? '');
      if (!waiting)
        throw new TroupeError('unknown_recipient', `Nobody waits for an answer to ${envelope.correlation}.`);
      for (const { resolve, reject } of waiting) {
        if (envelope.kind === 'failure') reject(fromFailure(FailureBody.parse(envelope.body).failure));
        else resolve(envelope);
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
        const answer = await this.#ask(
          { ...envelope(type, body, 'ask', id), deadline: this.#clock.now() + timeout },
          timeout,
        );
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

  async #ask(envelope: Envelope & { readonly deadline: number }, timeout: number): Promise<Envelope> {
    const { id, type, to } = envelope;
    const timeoutError = () =>
      new TroupeError(
        'timeout',
        `${to} gave no answer to "${type}" within ${timeout} ms. Ask again with id ${id} to get the same answer.`,
      );
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting);
    let timer: Disposable | undefined;
    let caller: Waiting | undefined;
    try {
      return await new Promise<Envelope>((resolve, reject) => {
        waiting.add((caller = { resolve, reject }));
        timer = this.#clock.wake(envelope.deadline, () => reject(timeoutError()));
        // A rejection comes back here; an acceptance only means that the reply will come by itself.
        this.#transport.send(envelope).catch(reject);
      });
    } finally {
      timer?.[Symbol.dispose]();
      if (caller) waiting.delete(caller);
      if (waiting.size === 0) this.#waiting.delete(id);
    }
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
    const stopped = new TroupeError('cancelled', 'This process stopped listening for answers.');
    for (const waiting of this.#waiting.values()) for (const { reject } of waiting) reject(stopped);
  }
}
