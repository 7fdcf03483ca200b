/**
 * Appends the writes of this process to the log, and settles each when its entry was applied. Writes that are requested while an entry is under way go into the
 * next one, so that many commits share one flush. Only one entry is under way at a time: when its acknowledgement was lost it is appended again under the same
 * number, and no other entry of this process can have come between.
 */
import { reasonOf } from '../../values/cause.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { encodeEntry, encodeWrite, type LoggedEntry, type LoggedMethod } from './entry.ts';
import type { Log } from './log.ts';

/** A write whose caller waits. */
interface Waiting {
  readonly text: string;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** An entry that was not applied yet. */
interface Sent {
  readonly id: string;
  readonly from: number;
  readonly bytes: Uint8Array;
  /** Its callers; empty once they were rejected because the outcome is unknown. */
  waiting: readonly Waiting[];
  /** The log has acknowledged it. */
  isStored: boolean;
}

/** What a writer works with. */
export interface LogWriterOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** The position up to which this process has applied the log. */
  readonly position: () => number;
  /** Milliseconds without an acknowledgement until the callers are rejected with `storage`; the entry is still retried. Default: 5,000. */
  readonly timeout?: number;
}

/** The writer of one process. */
export class LogWriter {
  /** Identifies this start of the process in its entries. */
  readonly name: string;
  readonly #options: LogWriterOptions;
  readonly #ending = new AbortController();
  /** Writes that are in no entry yet. */
  #queue: Waiting[] = [];
  /** Entries that were not applied yet, oldest first. */
  #sent: Sent[] = [];
  #count = 0;
  #sending = false;
  #closed: TroupeError | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.name = options.clock.id();
  }

  /** Resolves or rejects as the write does in every process that applies it; rejects with `storage` when its outcome is unknown. */
  write<T>(write: LoggedMethod, args: readonly unknown[]): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise<T>((resolve, reject) => {
      // The result is what the journal's method of this name returns, which is `T` for the caller.
      this.#queue.push({ text: encodeWrite(write, args), resolve: resolve as (result: unknown) => void, reject });
      this.#wake();
    });
  }

  /** Call it when an entry of this process was applied, with the results of its writes. */
  onApplied({ from }: LoggedEntry, results: readonly unknown[]): void {
    for (const sent of this.#upTo(from + 1)) {
      if (sent.from === from) sent.waiting.forEach(({ resolve }, index) => resolve(results[index]));
      else this.#reject(sent.waiting, 'was lost by the log');
    }
  }

  /** Call it when an entry of this process was too late, so that every process ignores it. */
  onExpired({ from }: LoggedEntry): void {
    for (const { waiting } of this.#upTo(from + 1)) this.#reject(waiting, 'came to the log too late');
  }

  /** Call it when the replica was replaced: the outcome of entries that are under way is unknown. */
  onReplicaReplaced(): void {
    for (const { waiting } of this.#sent.splice(0))
      this.#reject(waiting, 'may be stored or not: this process fell behind the log');
  }

  /** Call it after a reconnection: entries that were acknowledged and not applied may be lost, so they are appended again. */
  resend(): void {
    for (const sent of this.#sent) sent.isStored = false;
    this.#wake();
  }

  /** Call it when nothing can be appended or applied at the moment: rejects all callers that wait. */
  stall(cause: unknown): void {
    const queued = this.#queue.splice(0);
    const waiting = this.#sent.flatMap((sent) => sent.waiting);
    for (const sent of this.#sent) sent.waiting = [];
    this.#reject([...waiting, ...queued], `is not known to be stored: ${reasonOf(cause)}`);
  }

  /** Why no more writes are taken; undefined while they are. */
  get closed(): TroupeError | undefined {
    return this.#closed;
  }

  /** Rejects all callers that wait, and every later write. */
  close(error: TroupeError): void {
    this.#closed ??= error;
    this.#ending.abort();
    for (const { reject } of [...this.#sent.splice(0).flatMap(({ waiting }) => waiting), ...this.#queue.splice(0)])
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

  /** An entry of as many writes as fit. A write that is too large for an entry goes alone, and the log stores it as an object. */
  #pack(): Sent | undefined {
    if (this.#queue.length === 0) return undefined;
    const { log, position } = this.#options;
    let room = log.maxEntryBytes;
    const end = this.#queue.findIndex(({ text }, index) => (room -= text.length * 3 + 1) < 0 && index > 0); // A character has at most 3 bytes.
    const waiting = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    const [by, from, after] = [this.name, this.#count, position()];
    const bytes = encodeEntry(
      { by, from, after },
      waiting.map(({ text }) => text),
    );
    const sent = { id: `${after}-${by}-${from}`, from, bytes, waiting, isStored: false };
    this.#count += waiting.length;
    this.#sent.push(sent);
    return sent;
  }

  async #append(sent: Sent): Promise<void> {
    const { log, clock, timeout = 5_000 } = this.#options;
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
        // It may be stored or not: it is appended again, and applied once.
        if (clock.now() - since >= timeout) this.stall(thrown);
        await sleep(clock, pause, this.#ending.signal).catch(() => {});
      }
    }
  }
}
