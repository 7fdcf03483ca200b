/**
 * Appends the writes of this process to the log, and settles each when its entry was applied. Writes that are requested while an entry is under way go into the
 * next one, so that many commits share one flush. Only one entry is under way at a time: when its acknowledgement was lost it is appended again under the same
 * number, and no other entry of this process can have come between.
 */
import { reasonOf } from '../../values/cause.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { storageReasonOf } from '../../values/storageReason.ts';
import { encodeEntry, encodeWrite, entryId, type LoggedEntry } from './entry.ts';
import type { LoggedMethod } from './loggedMethods.ts';
import type { Log } from './log.ts';
import { UnsureWrites, type Write } from './unsureWrites.ts';

/** An entry that was not applied yet. */
interface Sent {
  readonly id: string;
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly writes: readonly Write[];
  /** The log has acknowledged it. */
  isStored: boolean;
}

/** How a write is treated when its caller was rejected before its outcome was known. */
export interface WriteOptions {
  /** By what the same write is recognised when it is asked for again; its arguments by default. */
  readonly identity?: string;
  /** Called with the outcome when it becomes known after all, instead of keeping it for a caller who asks again. Undefined: it stays unknown. */
  readonly onLate?: (outcome: Promise<unknown> | undefined) => void;
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

const defaultTimeout = 5_000;
/** The same when the server has said that it has no room: it does not get any by being asked again at once. */
const noSpaceTimeout = 1_000;

/** The writer of one process. */
export class LogWriter {
  /** Identifies this start of the process in its entries. */
  readonly name: string;
  readonly #options: LogWriterOptions;
  readonly #ending = new AbortController();
  /** Writes that are in no entry yet. */
  #queue: Write[] = [];
  /** Entries that were not applied yet, oldest first. */
  #sent: Sent[] = [];
  readonly #unsure = new UnsureWrites();
  #count = 0;
  #sending = false;
  #closed: TroupeError | undefined;
  /** Why the log took no entry at the last attempt; undefined when it did. */
  #failure: unknown;
  /** Since when writes wait without one of them being applied, in milliseconds since the epoch. */
  #pendingSince: number | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.name = options.clock.id();
  }

  /**
   * Resolves or rejects as the write does in every process that applies it; rejects with `storage` when its outcome is unknown. The same write asked for
   * again gets the outcome of the first one as soon as that is known, and is not made twice.
   */
  write<T>(write: LoggedMethod, args: readonly unknown[], { identity, onLate }: WriteOptions = {}): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    const text = encodeWrite(write, args);
    const key = identity ?? text;
    // The result is what the journal's method of this name returns, which is `T` for the caller.
    const earlier = onLate ? undefined : (this.#unsure.outcomeOf(key) as Promise<T> | undefined);
    if (earlier) return earlier;
    return new Promise<T>((resolve, reject) => {
      const caller = { resolve: resolve as (result: unknown) => void, reject };
      this.#queue.push({ method: write, text, key, callers: [caller], onLate });
      this.#pendingSince ??= this.#options.clock.now();
      this.#wake();
    });
  }

  /** Was this write asked for before, and is its outcome still unknown because this process fell behind the log? The answer is given once. */
  wasLost(write: LoggedMethod, args: readonly unknown[]): boolean {
    return this.#unsure.wasLost(() => encodeWrite(write, args));
  }

  /** Why writes are not stored now; undefined while they are, as far as is known. */
  get trouble(): string | undefined {
    if (this.#failure !== undefined) return reasonOf(this.#failure);
    const { clock, timeout = defaultTimeout } = this.#options;
    const isLate = this.#pendingSince !== undefined && clock.now() - this.#pendingSince >= timeout;
    return isLate ? 'the server does not answer' : undefined;
  }

  /** Call it when an entry of this process was applied, with the results of its writes. */
  onApplied({ from }: LoggedEntry, results: readonly unknown[]): void {
    for (const sent of this.#upTo(from + 1)) {
      if (sent.from === from) sent.writes.forEach((write, index) => this.#unsure.settle(write, results[index]));
      else this.#drop(sent.writes, 'was lost by the log');
    }
    this.#noteProgress();
  }

  /** Call it when an entry of this process was too late, so that every process ignores it. */
  onExpired({ from }: LoggedEntry): void {
    for (const { writes } of this.#upTo(from + 1)) this.#drop(writes, 'came to the log too late');
    this.#noteProgress();
  }

  /** Call it when the replica was replaced: the outcome of entries that are under way is unknown. */
  onReplicaReplaced(): void {
    for (const write of this.#sent.splice(0).flatMap(({ writes }) => writes)) {
      this.#reject([write], 'may be stored or not: this process fell behind the log');
      this.#unsure.lose(write);
    }
    this.#noteProgress();
  }

  /** Call it after a reconnection: entries that were acknowledged and not applied may be lost, so they are appended again. */
  resend(): void {
    for (const sent of this.#sent) sent.isStored = false;
    this.#wake();
  }

  /** Call it when nothing can be appended or applied at the moment: rejects all callers that wait. */
  stall(cause: unknown): void {
    const queued = this.#queue;
    // What gives something back is done as soon as it can be, although nobody waits for it: otherwise others would wait for the end of a lease.
    this.#queue = queued.filter(({ method }) => method === 'release' || method === 'settle');
    const sent = this.#sent.flatMap(({ writes }) => writes);
    for (const write of sent) this.#unsure.add(write);
    this.#reject([...sent, ...queued], `is not known to be stored: ${reasonOf(cause)}`, reasonIn(cause));
  }

  /** Why no more writes are taken; undefined while they are. */
  get closed(): TroupeError | undefined {
    return this.#closed;
  }

  /** Rejects all callers that wait, and every later write. */
  close(error: TroupeError): void {
    this.#closed ??= error;
    this.#ending.abort();
    const all = [...this.#sent.splice(0).flatMap(({ writes }) => writes), ...this.#queue.splice(0)];
    for (const { reject } of all.flatMap(({ callers }) => callers)) reject(this.#closed);
  }

  #noteProgress(): void {
    const isIdle = this.#sent.length === 0 && this.#queue.length === 0;
    this.#pendingSince = isIdle ? undefined : this.#options.clock.now();
  }

  #upTo(number: number): Sent[] {
    const at = this.#sent.findIndex(({ from }) => from >= number);
    return this.#sent.splice(0, at < 0 ? this.#sent.length : at);
  }

  /** Rejects the callers of writes. */
  #reject(writes: readonly Write[], what: string, reason?: string): void {
    const data = reason === undefined ? {} : { data: { reason } };
    const error = new TroupeError('storage', `What was written to the shared journal ${what}.`, data);
    for (const write of writes) for (const { reject } of write.callers.splice(0)) reject(error);
  }

  /** These writes are certainly not made: whoever asks again makes them anew. */
  #drop(writes: readonly Write[], what: string): void {
    this.#reject(writes, what);
    for (const write of writes) this.#unsure.forget(write);
  }

  #wake(): void {
    if (this.#sending) return;
    this.#sending = true;
    // After what came together was handled, before the next turn of the event loop: so its commits share an entry.
    process.nextTick(() => void this.#send());
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
    const writes = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    const [by, from, after] = [this.name, this.#count, position()];
    const bytes = encodeEntry(
      { by, from, after },
      writes.map(({ text }) => text),
    );
    const sent = { id: entryId({ by, from, after }), from, bytes, writes, isStored: false };
    this.#count += writes.length;
    this.#sent.push(sent);
    return sent;
  }

  async #append(sent: Sent): Promise<void> {
    const { log, clock, timeout = defaultTimeout } = this.#options;
    const since = clock.now();
    for (
      let pause = 50;
      this.#sent.includes(sent) && !this.#ending.signal.aborted;
      pause = Math.min(pause * 2, 5_000)
    ) {
      try {
        await log.append(sent.id, sent.bytes);
        sent.isStored = true;
        this.#failure = undefined;
        return;
      } catch (thrown) {
        this.#failure = thrown;
        // It may be stored or not: it is appended again, and applied once.
        const patience = reasonIn(thrown) === undefined ? timeout : Math.min(timeout, noSpaceTimeout);
        if (clock.now() - since >= patience) this.stall(thrown);
        await sleep(clock, pause, this.#ending.signal).catch(() => {});
      }
    }
  }
}

const reasonIn = (thrown: unknown): string | undefined =>
  thrown instanceof TroupeError ? storageReasonOf(thrown) : undefined;
