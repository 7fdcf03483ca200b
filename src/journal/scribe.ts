/**
 * Writes to a log, and hears what became of it. What is asked for while an entry is on its way goes with the next one, so that many commits
 * share one flush. One entry at a time: one whose answer was lost is written again under its number, and nothing of this process can have come in between.
 */
import { reasonOf } from '../contracts/cause.ts';
import { sleep, type Clock } from '../contracts/clock.ts';
import { TroupeError } from '../contracts/failure.ts';
import { packed, textOf, type Entry, type WriteName } from './entry.ts';
import type { Log } from './log.ts';

interface Waiting {
  readonly text: string;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

interface Sent {
  readonly id: string;
  readonly from: number;
  readonly bytes: Uint8Array;
  /** Empty once they were told that nobody can tell. */
  waiting: readonly Waiting[];
  isStored: boolean;
}

export interface ScribeOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** How far this process has played. */
  readonly position: () => number;
  /** Milliseconds before those who wait are told that the log takes nothing; the entry on its way is tried on. */
  readonly patience?: number;
}

export class Scribe {
  readonly name: string;
  readonly #options: ScribeOptions;
  readonly #ending = new AbortController();
  /** Asked for, and in no entry yet. */
  #asked: Waiting[] = [];
  /** In entries that were not played yet, oldest first. */
  #sent: Sent[] = [];
  #count = 0;
  #sending = false;
  #closed: TroupeError | undefined;

  constructor(options: ScribeOptions) {
    this.#options = options;
    this.name = options.clock.id();
  }

  /** Resolves or rejects as every process that plays it does; with `storage` when nobody can tell (yet). */
  write<T>(write: WriteName, args: readonly unknown[]): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise<T>((resolve, reject) => {
      // What is resolved is what the write of this name gives.
      this.#asked.push({ text: textOf(write, args), resolve: resolve as (answer: unknown) => void, reject });
      this.#wake();
    });
  }

  /** An entry of this process was played, with these answers. */
  played({ from }: Entry, answers: readonly unknown[]): void {
    for (const sent of this.#upTo(from + 1)) {
      if (sent.from === from) sent.waiting.forEach(({ resolve }, index) => resolve(answers[index]));
      else this.#reject(sent.waiting, 'was lost by the log');
    }
  }

  /** An entry of this process came too late to be played by anybody. */
  expired({ from }: Entry): void {
    for (const { waiting } of this.#upTo(from + 1)) this.#reject(waiting, 'came to the log too late');
  }

  /** The view was replaced: what became of entries that are on their way was not seen. */
  unsure(): void {
    for (const { waiting } of this.#sent.splice(0))
      this.#reject(waiting, 'may be stored or not: this process fell behind the log');
  }

  /** What the log has acknowledged and nobody has played may be lost. */
  again(): void {
    for (const sent of this.#sent) sent.isStored = false;
    this.#wake();
  }

  /** Nothing can be written, or played, at the moment: those who wait are told so. */
  stall(cause: unknown): void {
    const asked = this.#asked.splice(0);
    const waiting = this.#sent.flatMap((sent) => sent.waiting);
    for (const sent of this.#sent) sent.waiting = [];
    this.#reject([...waiting, ...asked], `is not known to be stored: ${reasonOf(cause)}`);
  }

  /** Why nothing is written any more. */
  get closed(): TroupeError | undefined {
    return this.#closed;
  }

  close(error: TroupeError): void {
    this.#closed ??= error;
    this.#ending.abort();
    for (const { reject } of [...this.#sent.splice(0).flatMap(({ waiting }) => waiting), ...this.#asked.splice(0)])
      reject(this.#closed);
  }

  #upTo(number: number): Sent[] {
    const at = this.#sent.findIndex(({ from }) => from >= number);
    return this.#sent.splice(0, at < 0 ? this.#sent.length : at);
  }

  #reject(waiting: readonly Waiting[], what: string): void {
    const error = new TroupeError('storage', `What was written to the shared journal ${what}.`);
    for (const { reject } of waiting) reject(error);
  }

  #wake(): void {
    if (this.#sending) return;
    this.#sending = true;
    queueMicrotask(() => void this.#send());
  }

  async #send(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const next = this.#sent.find(({ isStored }) => !isStored) ?? this.#pack();
      if (!next) break;
      await this.#append(next);
    }
    this.#sending = false;
  }

  /** As many as fit; one that is too large for an entry goes alone, and the log sees to it. */
  #pack(): Sent | undefined {
    if (this.#asked.length === 0) return undefined;
    const { log, position } = this.#options;
    let room = log.limit;
    const end = this.#asked.findIndex(({ text }, index) => (room -= text.length * 3 + 1) < 0 && index > 0); // Bytes, at most.
    const waiting = this.#asked.splice(0, end < 0 ? this.#asked.length : end);
    const [by, from, after] = [this.name, this.#count, position()];
    const bytes = packed(
      { by, from, after },
      waiting.map(({ text }) => text),
    );
    const sent = { id: `${after}-${by}-${from}`, from, bytes, waiting, isStored: false };
    this.#count += waiting.length;
    this.#sent.push(sent);
    return sent;
  }

  async #append(sent: Sent): Promise<void> {
    const { log, clock, patience = 5_000 } = this.#options;
    const since = clock.now();
    for (
      let pause = 50;
      this.#sent.includes(sent) && !this.#ending.signal.aborted;
      pause = Math.min(pause * 2, 5_000)
    ) {
      try {
        await log.append(sent.id, sent.bytes);
        sent.isStored = true;
        return;
      } catch (thrown) {
        // Nobody can tell whether it is there: it is written again, and played once.
        if (clock.now() - since >= patience) this.stall(thrown);
        await sleep(clock, pause, this.#ending.signal).catch(() => {});
      }
    }
  }
}
