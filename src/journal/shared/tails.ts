/** What the logs of other processes have, as far as this process has read them; it reads on from there. */
import { toFailure } from '../../values/failure.ts';
import { decodeEntry, entryName, entryKind, requireKnown, type LoggedEntry, type LoggedWrite } from './entry.ts';
import type { FencedLogs, StoredMessage } from './store.ts';

/** What one run wrote in one entry. */
interface Part {
  readonly sequence: number;
  readonly writes: readonly LoggedWrite[];
}

/** The part of a process log that is not trimmed. */
export interface Tail {
  /** The sequence of the last message that was read. */
  readonly sequence: number;
  /** Who has ended the log; undefined while it is not ended. */
  readonly fencedBy: string | undefined;
  /** How many logs this process had read to their ends when it had read this one to its end; Infinity before. */
  readonly endedAs: number;
  /** Every run that the process may have, as far as its entries can be read. */
  readonly runs: ReadonlySet<string>;
  /** Why an entry cannot be read, for each of them. What it has, and of which runs, is not known. */
  readonly damage: readonly Error[];
  /** The writes of a run in entries after a sequence. Throws `corrupt` when one of them cannot be read, `incompatible` when a newer version wrote one of them. */
  after(run: string, sequence: number): readonly LoggedWrite[];
}

/** The most bytes of tails that are kept; the one that was not read for the longest time is forgotten first. */
const maxKeptBytes = 32_000_000;

/** The tails of all logs. */
export class Tails {
  readonly #logs: FencedLogs;
  /** By process; the last one read is the last one here. */
  readonly #tails = new Map<string, TailReader>();
  readonly #ended = { count: 0 };

  constructor(logs: FencedLogs) {
    this.#logs = logs;
  }

  /** How many logs were read to their ends. A tail with a number up to that one has all that its log will ever have. */
  get endedCount(): number {
    return this.#ended.count;
  }

  /** Reads a log on to its end as it is by now. An entry that is damaged concerns only the runs whose writes may be in it. */
  async read(process: string): Promise<Tail> {
    const tail = this.#tails.get(process) ?? new TailReader(this.#logs, process, this.#ended);
    this.#tails.delete(process);
    this.#tails.set(process, tail);
    try {
      await tail.readOn();
    } catch (thrown) {
      this.#tails.delete(process);
      throw thrown;
    }
    this.#forget();
    return tail;
  }

  /** The log was removed. */
  drop(process: string): void {
    this.#tails.delete(process);
  }

  #forget(): void {
    let bytes = 0;
    for (const { size } of this.#tails.values()) bytes += size;
    for (const [process, { size }] of this.#tails) {
      if (bytes <= maxKeptBytes || this.#tails.size === 1) return;
      this.#tails.delete(process);
      bytes -= size;
    }
  }
}

class TailReader implements Tail {
  readonly #logs: FencedLogs;
  readonly #process: string;
  readonly #parts = new Map<string, Part[]>();
  #runs = new Set<string>();
  /** By the sequence of the entry. */
  readonly #damaged = new Map<number, Error>();
  #trimmedBefore = 0;
  #reading: Promise<void> | undefined;
  #again: Promise<void> | undefined;
  sequence = 0;
  fencedBy: string | undefined;
  endedAs = Infinity;
  size = 0;
  readonly #ended: { count: number };

  constructor(logs: FencedLogs, process: string, ended: { count: number }) {
    this.#logs = logs;
    this.#process = process;
    this.#ended = ended;
  }

  get runs(): ReadonlySet<string> {
    return this.#runs;
  }

  get damage(): readonly Error[] {
    return [...this.#damaged.values()];
  }

  after(run: string, sequence: number): readonly LoggedWrite[] {
    for (const [at, error] of this.#damaged) if (at > sequence) throw error;
    const parts = (this.#parts.get(run) ?? []).filter((part) => part.sequence > sequence);
    for (const part of parts)
      for (const [method] of part.writes) requireKnown(entryName(this.#process, part.sequence), method);
    return parts.flatMap(({ writes }) => writes);
  }

  /** A reading that began before the call does not count: it may have missed what was appended since. */
  readOn(): Promise<void> {
    // Behind its end nothing comes. Whoever takes over many runs does not ask for each of them.
    if (this.fencedBy !== undefined) return Promise.resolve();
    if (!this.#reading) {
      this.#reading = this.#read().finally(() => (this.#reading = undefined));
      return this.#reading;
    }
    this.#again ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#again = undefined;
        return this.readOn();
      });
    return this.#again;
  }

  async #read(): Promise<void> {
    for await (const message of this.#logs.read(this.#process, this.sequence)) {
      this.sequence = message.sequence;
      const { entry, fencedBy } = entryKind(message);
      if (fencedBy !== undefined) this.fencedBy = fencedBy;
      // Behind its end nothing counts.
      if (entry === undefined || this.fencedBy !== undefined) continue;
      const decoded = this.#decode(message);
      if (!decoded) continue;
      const { parts, took, roster, trimmedBefore = 0 } = decoded;
      this.size += message.body.length;
      if (roster) {
        this.#runs = new Set(roster);
        this.#trim(trimmedBefore);
      }
      for (const run of took) this.#runs.add(run);
      for (const [run, writes] of parts) {
        this.#runs.add(run);
        const before = this.#parts.get(run);
        if (before) before.push({ sequence: message.sequence, writes });
        else this.#parts.set(run, [{ sequence: message.sequence, writes }]);
      }
    }
    if (this.fencedBy !== undefined) this.endedAs = ++this.#ended.count;
  }

  /** Undefined for an entry that is damaged. */
  #decode(message: StoredMessage): LoggedEntry | undefined {
    try {
      return decodeEntry(this.#process, message);
    } catch (thrown) {
      if (!(thrown instanceof Error) || toFailure(thrown).kind !== 'corrupt') throw thrown;
      this.#damaged.set(message.sequence, thrown);
      return undefined;
    }
  }

  #trim(before: number): void {
    if (before <= this.#trimmedBefore) return;
    this.#trimmedBefore = before;
    for (const at of this.#damaged.keys()) if (at < before) this.#damaged.delete(at);
    this.size /= 2; // Roughly: what was read between two rosters is of one size.
    for (const [run, parts] of this.#parts) {
      const kept = parts.filter(({ sequence }) => sequence >= before);
      if (kept.length > 0) this.#parts.set(run, kept);
      else this.#parts.delete(run);
    }
  }
}
