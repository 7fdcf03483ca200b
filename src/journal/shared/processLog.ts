/**
 * The write-ahead log of this process: what its runs write together goes into one entry, and what they write while an entry is on its way goes into the next
 * one, so that many commits share one flush. The log is the lease: an append is fenced by the entry before it, so once another process has put a fence entry
 * there, none is taken any more.
 */
import { reasonOf } from '../../values/cause.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import { encodeEntry, entryKind } from './entry.ts';
import { fencedLogError, goneLogError, olderLogError, reasonIn } from './logFailures.ts';
import type { FencedLogs } from './store.ts';
import { UnsureWrites, type QueuedWrite } from './unsureWrites.ts';

/** What a process log works with. */
export interface ProcessLogOptions {
  /** The incarnation of the process. */
  readonly name: string;
  readonly logs: FencedLogs;
  readonly clock: Clock;
  /** The runs that the process holds. */
  roster(): readonly string[];
  /** Of what it wrote before the entry with this sequence, everything is in segments. */
  trimmedBefore(): number;
  /** Asked when the log is gone: has it acknowledged a write that nobody has taken over? */
  hasUntaken(): Promise<boolean>;
  /** Makes a write that the log has acknowledged, in its order. */
  apply(write: QueuedWrite): Promise<unknown>;
  /** An entry of so many bytes was acknowledged. */
  onStored(bytes: number): void;
  /** No entry is taken any more: `fenced` by another process, or `environment` when the log is gone. */
  onEnded(reason: TroupeError): void;
  /** A message of another program stands in the log. */
  onForeign(sequence: number): void;
}

/** Something for the next entry that is no write of a run. */
interface Note {
  /** A run that is about to be claimed, all runs that are held, or nothing: only whether the log takes an entry. */
  readonly content: { readonly took: string } | 'roster' | 'nothing';
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: unknown) => void;
}

interface Entry {
  readonly count: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly writes: readonly QueuedWrite[];
  readonly notes: readonly Note[];
}

/** Milliseconds without an acknowledgement until the callers are rejected with `storage`; the entry is still tried. */
const timeout = 5_000;
/** The same when the server has said that it has no room: it does not get any by being asked again at once. */
const noSpaceTimeout = 1_000;
/** The most bytes of an entry; what is more goes into the next one. A larger write goes alone. */
const maxEntryBytes = 900_000;

/** The log of one incarnation of this process. */
export class ProcessLog {
  readonly #options: ProcessLogOptions;
  readonly #ending = new AbortController();
  readonly #unsure = new UnsureWrites();
  #writes: QueuedWrite[] = [];
  #notes: Note[] = [];
  /** The entry that is being appended. */
  #entry: Entry | undefined;
  #sequence = 0;
  #count = 0;
  #flushes = 0;
  #sending = false;
  #ended: TroupeError | undefined;
  /** Why the log took no entry at the last attempt; undefined when it did. */
  #failure: unknown;
  #storedAt: number;
  /** Since when something waits, in milliseconds since the epoch. */
  #pendingSince: number | undefined;

  constructor(options: ProcessLogOptions) {
    this.#options = options;
    this.#storedAt = options.clock.now();
  }

  /** The sequence of the last entry that was acknowledged; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** When an entry was acknowledged last, or the log was begun; milliseconds since the epoch. */
  get storedAt(): number {
    return this.#storedAt;
  }

  /** Why no entry is taken any more; undefined while they are. */
  get ended(): TroupeError | undefined {
    return this.#ended;
  }

  /** The runs of which a write is on its way. */
  get pendingRuns(): ReadonlySet<string> {
    return new Set([...(this.#entry?.writes ?? []), ...this.#writes].map(({ run }) => run));
  }

  /** Why writes are not stored now; undefined while they are, as far as is known. */
  get trouble(): string | undefined {
    if (this.#failure !== undefined) return reasonOf(this.#failure);
    const isLate = this.#pendingSince !== undefined && this.#options.clock.now() - this.#pendingSince >= timeout;
    return isLate ? 'the server does not answer' : undefined;
  }

  /**
   * Resolves or rejects as the write does once the log has it; rejects with `storage` when its outcome is unknown. The same write asked for again gets the
   * outcome of the first one as soon as that is known, and is not made twice.
   */
  write(run: string, method: QueuedWrite['method'], args: readonly unknown[], identity?: string): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    const text = JSON.stringify([method, args]);
    const key = identity ?? text;
    const earlier = this.#unsure.outcomeOf(key);
    if (earlier) return earlier;
    return new Promise((resolve, reject) => {
      this.#writes.push({ run, method, args, text, key, callers: [{ resolve, reject }] });
      this.#wake();
    });
  }

  /** Resolves when no write of the run is on its way any more. */
  async flush(run: string): Promise<void> {
    while (this.pendingRuns.has(run)) await this.write(run, 'settle', [run, []], `flush ${this.#flushes++}`);
  }

  /** Notes that a run is about to be claimed. Resolves when that is stored. */
  async took(run: string): Promise<void> {
    await this.#note({ took: run });
  }

  /** Notes all runs that are held. Resolves with the sequence of that entry. */
  roster(): Promise<number> {
    return this.#note('roster');
  }

  /** Appends an entry that says nothing. Resolves when the log has taken it, so that no other process had ended the log by then. */
  async probe(): Promise<void> {
    await this.#note('nothing');
  }

  /** Rejects all callers that wait, and every later write. */
  end(reason: TroupeError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#ending.abort();
    const { writes = [], notes = [] } = this.#entry ?? {};
    for (const { reject } of [...writes, ...this.#writes.splice(0)].flatMap(({ callers }) => callers)) reject(reason);
    for (const { reject } of [...notes, ...this.#notes.splice(0)]) reject(reason);
    this.#options.onEnded(reason);
  }

  #note(content: Note['content']): Promise<number> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#notes.push({ content, resolve, reject });
      this.#wake();
    });
  }

  #wake(): void {
    this.#pendingSince ??= this.#options.clock.now();
    if (this.#sending) return;
    this.#sending = true;
    // After what came together was handled, before the next turn of the event loop: so its commits share an entry.
    process.nextTick(() => void this.#send());
  }

  async #send(): Promise<void> {
    while (!this.#ended) {
      const entry = this.#pack();
      if (!entry) break;
      this.#entry = entry;
      await this.#append(entry);
      this.#entry = undefined;
    }
    this.#sending = false;
    this.#pendingSince = undefined;
  }

  #pack(): Entry | undefined {
    if (this.#writes.length === 0 && this.#notes.length === 0) return undefined;
    let room = maxEntryBytes;
    const end = this.#writes.findIndex(({ text }, index) => (room -= text.length) < 0 && index > 0);
    const writes = this.#writes.splice(0, end < 0 ? this.#writes.length : end);
    const notes = this.#notes.splice(0);
    const parts = new Map<string, string[]>();
    for (const { run, text } of writes) {
      const texts = parts.get(run);
      if (texts) texts.push(text);
      else parts.set(run, [text]);
    }
    const took = notes.flatMap(({ content }) => (typeof content === 'string' ? [] : content.took));
    const roster = notes.some(({ content }) => content === 'roster') ? this.#options.roster() : undefined;
    const trimmedBefore = roster && this.#options.trimmedBefore();
    const count = ++this.#count;
    return { count, ...encodeEntry({ count, parts: [...parts], took, roster, trimmedBefore }), writes, notes };
  }

  async #append(entry: Entry): Promise<void> {
    const { logs, name, clock } = this.#options;
    const since = clock.now();
    for (let pause = 50; !this.#ended; pause = Math.min(pause * 2, 5_000)) {
      try {
        const sequence = (await logs.append(name, this.#sequence, entry)) ?? (await this.#whyRefused(entry));
        if (sequence !== undefined) return this.#stored(entry, sequence);
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'storage') return this.end(goneLogError(thrown));
        this.#failure = thrown;
        // It may be stored or not: it is appended again, and is there once.
        const patience = reasonIn(thrown) === undefined ? timeout : noSpaceTimeout;
        if (clock.now() - since >= patience) this.#stall(thrown);
        await sleep(clock, pause, this.#ending.signal).catch(() => {});
      }
    }
  }

  /** Another message is the last one: the sequence when it is this entry itself, whose acknowledgement was lost; undefined when it can be tried again. */
  async #whyRefused(entry: Entry): Promise<number | undefined> {
    const { logs, name } = this.#options;
    const last = await logs.last(name);
    if (!last || last.sequence < this.#sequence) {
      if (!last && (await logs.lastSequence()) >= this.#sequence) {
        // A log that was ended is removed when all its runs have another owner. This one was purged.
        if (await this.#options.hasUntaken()) throw olderLogError();
        // Other processes remove a log that was ended long ago. Whether the entry stood there before its end is not known any more.
        this.#stall(new TroupeError('storage', 'the log of this process was ended and removed'));
        this.end(fencedLogError(name, 'another process'));
        return undefined;
      }
      throw olderLogError();
    }
    const { entry: count } = entryKind(last);
    if (count !== undefined && count !== entry.count && last.sequence !== this.#sequence) throw olderLogError();
    return this.#lookBehind(entry);
  }

  /** What stands behind the last known message: the entry that was tried, the end of the log, or messages of other programs, which are skipped. */
  async #lookBehind(entry: Entry): Promise<number | undefined> {
    const { logs, name, onForeign } = this.#options;
    let found: number | undefined;
    for await (const { sequence, headers } of logs.read(name, this.#sequence)) {
      const { entry: count, fencedBy } = entryKind({ headers });
      if (fencedBy !== undefined) {
        // The entry may stand before the end.
        if (found !== undefined) this.#stored(entry, found);
        this.end(fencedLogError(name, fencedBy));
        return undefined;
      }
      if (count === entry.count) found = sequence;
      else if (count === undefined && found === undefined) {
        onForeign(sequence);
        this.#sequence = sequence;
      }
    }
    return found;
  }

  #stored({ writes, notes, body }: Entry, sequence: number): void {
    const { clock, apply, onStored } = this.#options;
    if (this.#ended) return;
    this.#sequence = sequence;
    this.#failure = undefined;
    this.#storedAt = clock.now();
    this.#pendingSince = this.#storedAt;
    for (const write of writes) this.#unsure.settle(write, apply(write));
    for (const { resolve } of notes) resolve(sequence);
    onStored(body.length);
  }

  /** Nothing can be appended at the moment: rejects all callers that wait. What is queued is forgotten, what is on its way is not. */
  #stall(cause: unknown): void {
    const queued = this.#writes;
    // What gives something back is done as soon as it can be, although nobody waits for it.
    this.#writes = queued.filter(({ method }) => method === 'settle');
    const reason = reasonIn(cause);
    const error = new TroupeError(
      'storage',
      `What was written to the shared journal is not known to be stored: ${reasonOf(cause)}.`,
      reason === undefined ? {} : { data: { reason } },
    );
    const sent = this.#entry?.writes ?? [];
    for (const write of sent) this.#unsure.add(write);
    for (const { callers } of [...sent, ...queued]) for (const { reject } of callers.splice(0)) reject(error);
    // A note that is stored all the same says too much, which harms nobody.
    for (const { reject } of [...(this.#entry?.notes ?? []), ...this.#notes.splice(0)]) reject(error);
  }
}
