/**
 * Writes to a log, and hears what became of it. What is asked for while an entry is on its way goes with the next one, so that many commits
 * share one flush. One entry at a time: one whose answer was lost is written again under its number, and nothing of this process can have come in between.
 */
import { sleep, type Clock } from '../contracts/clock.ts';
import type { Json } from '../contracts/json.ts';
import type { TroupeError } from '../contracts/failure.ts';
import type { Log } from './log.ts';
import type { Write } from './replicated.ts';

interface Entry {
  readonly by: string;
  /** Number of the first of its writes, among those of its writer. */
  readonly from: number;
  readonly writes: readonly (readonly [Write, readonly Json[]])[];
}

interface Waiting {
  readonly text: string;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

type Play = (write: Write, args: readonly Json[]) => unknown;

const bytes = new TextEncoder();
const words = new TextDecoder();

export class Scribe {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #ending = new AbortController();
  /** Asked for and not played yet, by number. */
  readonly #waiting = new Map<number, Waiting>();
  /** How far each writer has been played. */
  readonly #known = new Map<string, number>();
  #asked = 0;
  #sent = 0;
  #sending = false;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#name = clock.id();
  }

  /** Resolves or rejects as every process that plays it does. */
  write<T>(write: Write, args: readonly unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const text = JSON.stringify([write, args]);
      this.#waiting.set(this.#asked++, { text, resolve: resolve as (answer: unknown) => void, reject });
      if (!this.#sending) {
        this.#sending = true;
        queueMicrotask(() => void this.#send());
      }
    });
  }

  /** Plays an entry, of whoever it is; what was played before is not played again. */
  played(entry: Uint8Array, play: Play): void {
    const { by, from, writes } = JSON.parse(words.decode(entry)) as Entry;
    const next = this.#known.get(by) ?? 0;
    for (const [index, [write, args]] of writes.entries()) {
      const number = from + index;
      if (number < next) continue;
      this.#known.set(by, number + 1);
      this.#answer(by === this.#name ? number : undefined, () => play(write, args));
    }
  }

  close(error: TroupeError): void {
    this.#ending.abort();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #answer(number: number | undefined, play: () => unknown): void {
    const waiting = number === undefined ? undefined : this.#waiting.get(number);
    if (waiting) this.#waiting.delete(number!);
    new Promise((played) => played(play())).then(waiting?.resolve, waiting?.reject ?? (() => {}));
  }

  async #send(): Promise<void> {
    while (this.#sent < this.#asked && !this.#ending.signal.aborted) {
      const from = this.#sent;
      const texts = this.#next();
      const entry = bytes.encode(`{"by":${JSON.stringify(this.#name)},"from":${from},"writes":[${texts.join(',')}]}`);
      await this.#append(`${this.#name}-${from}`, entry);
      this.#sent = from + texts.length;
    }
    this.#sending = false;
  }

  /** As many as fit; one that is too large for an entry goes alone, and the log sees to it. */
  #next(): string[] {
    const texts: string[] = [];
    for (let [at, room] = [this.#sent, this.#log.limit]; at < this.#asked; at++) {
      const { text } = this.#waiting.get(at)!;
      room -= text.length * 3 + 1; // Bytes, at most.
      if (room < 0 && texts.length > 0) break;
      texts.push(text);
    }
    return texts;
  }

  async #append(id: string, entry: Uint8Array): Promise<void> {
    for (let pause = 50; !this.#ending.signal.aborted; pause = Math.min(pause * 2, 5_000)) {
      try {
        return await this.#log.append(id, entry);
      } catch {
        // Nobody can tell whether it is there: it is written again, and played once.
        await sleep(this.#clock, pause, this.#ending.signal).catch(() => {});
      }
    }
  }
}
