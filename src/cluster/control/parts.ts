/**
 * Answers in parts: those that have no end yet, such as the lines of a run, and those that are larger than a message. Each part is an answer to a request of its own, so
 * a client gets no more than it asks for, and needs no permission but to ask.
 *
 * CA1 A part that is asked for again, because its answer was lost, is the same part.
 * CA2 An answer that nobody asks for any longer is given up after a minute.
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { headers } from '../../nats/client.ts';
import { maxBodyBytes } from '../../nats/connection.ts';
import { subscribeTo } from '../../nats/subscribe.ts';
import { encodeRefusal } from '../../transport/nats/codec.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { decodeJson, rpcRespond } from '../rpc.ts';

/** Says where the parts of an answer are asked for. */
export const moreHeader = 'Troupe-More';
/** Says that a part is the last one. */
export const lastPartHeader = 'Troupe-End';

/** Milliseconds: after which a part is given although nothing came, for which a part waits for more once it has something, and after which an answer is given up. */
export const silence = 15_000;
const linger = 2;
const forgetAfter = 60_000;
/** The most answers that are open at once, and the most bytes of a part. */
const mostOpen = 1_000;
const largestPart = 512 * 1024;

/** Answers that are being given in parts. Disposing it gives all of them up. */
export interface PartsServer extends Disposable {
  /** Opens one. Returns the subject at which its parts are asked for; `stop` is called when it is given up. Throws `transient` when there are too many. */
  open(source: AsyncIterable<Uint8Array>, stop?: () => void): string;
}

/** Gives parts at `subject` and below. */
export function partsServer(connection: NatsConnection, subject: string, clock: Clock): PartsServer {
  const open = new Map<string, OpenAnswer>();
  const listening = subscribeTo(connection, `${subject}.*`, (message) => give(message));

  async function give(message: Msg): Promise<void> {
    const id = message.subject.slice(subject.length + 1);
    try {
      const answer = open.get(id);
      if (!answer) throw new TroupeError('transient', 'This answer was given up. Ask for it again.');
      const asked = decodeJson(message);
      if (asked === null) return answer.close();
      const { bytes, isLast } = await answer.part(asked);
      const sent = headers();
      if (isLast) sent.set(lastPartHeader, 'yes');
      rpcRespond(message, bytes, sent);
    } catch (thrown) {
      const { payload, headers: sent } = encodeRefusal(thrown);
      rpcRespond(message, payload, sent);
    }
  }

  return {
    open(source, stop = () => {}) {
      if (open.size >= mostOpen)
        throw new TroupeError('transient', `The control server gives ${mostOpen} answers already. Ask again later.`);
      const id = clock.id();
      const most = Math.min(largestPart, maxBodyBytes(connection));
      open.set(id, new OpenAnswer(source, { most, clock, closed: () => (open.delete(id), stop()) }));
      return `${subject}.${id}`;
    },
    [Symbol.dispose]() {
      listening.unsubscribe();
      for (const answer of open.values()) answer.close();
    },
  };
}

interface Part {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

class OpenAnswer {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #most: number;
  readonly #clock: Clock;
  readonly #closed: () => void;
  #next: Promise<IteratorResult<Uint8Array>> | undefined;
  /** What came and has not been given. */
  #rest: Uint8Array = new Uint8Array();
  #number = -1;
  /** CA1: the part with that number. */
  #current: Promise<Part> | undefined;
  #forgotten: Disposable;

  constructor(
    source: AsyncIterable<Uint8Array>,
    { most, clock, closed }: { readonly most: number; readonly clock: Clock; readonly closed: () => void },
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#most = most;
    this.#clock = clock;
    this.#closed = closed;
    this.#forgotten = this.#forgetLater();
  }

  part(number: unknown): Promise<Part> {
    this.#forgotten[Symbol.dispose]();
    this.#forgotten = this.#forgetLater();
    if (number === this.#number && this.#current) return this.#current;
    if (number !== this.#number + 1)
      throw new TroupeError('invalid', `The next part of this answer is ${this.#number + 1}; got another number.`);
    this.#number++;
    this.#current = this.#collect();
    return this.#current;
  }

  close(): void {
    this.#forgotten[Symbol.dispose]();
    this.#closed();
    // What it still waits for has been told to stop.
    void this.#source.return?.().catch(() => {});
  }

  /** CA2. */
  #forgetLater(): Disposable {
    return this.#clock.wake(this.#clock.now() + forgetAfter, () => this.close());
  }

  async #collect(): Promise<Part> {
    const pieces = [this.#rest];
    let size = this.#rest.length;
    let isLast = false;
    while (size < this.#most && !isLast) {
      const came = await this.#comes(size > 0);
      if (came === undefined) break;
      isLast = came.done === true;
      if (came.done) break;
      pieces.push(came.value);
      size += came.value.length;
    }
    const all = Buffer.concat(pieces);
    this.#rest = all.subarray(this.#most);
    return { bytes: all.subarray(0, this.#most), isLast: isLast && this.#rest.length === 0 };
  }

  /** What comes next; undefined when nothing does in time. What goes wrong is told with the part after what came before it. */
  async #comes(hasSome: boolean): Promise<IteratorResult<Uint8Array> | undefined> {
    const next = (this.#next ??= this.#source.next());
    let timer: Disposable | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = this.#clock.wake(this.#clock.now() + (hasSome ? linger : silence), () => resolve(undefined));
    });
    try {
      const came = await Promise.race([next, late]);
      // An end stays one, and what comes too late is for the next part.
      if (came && !came.done) this.#next = undefined;
      return came;
    } catch (thrown) {
      if (!hasSome) throw thrown;
      return undefined;
    } finally {
      timer?.[Symbol.dispose]();
    }
  }
}
