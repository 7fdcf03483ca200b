/** A log in memory that any number of journals follow: what JetStream does, without the server. */
import { TroupeError } from '../../values/failure.ts';
import type { Log, LogEntry, LogBounds } from '../../journal/replicated/log.ts';

/** Entries are there as soon as they are appended. */
export class SharedLog {
  /** Another name is another log. */
  readonly name: string;
  readonly #limit: number;
  #entries: LogEntry[] = [];
  #last = 0;
  readonly #snapshots = new Map<number, readonly Uint8Array[]>();
  readonly #followers = new Set<() => void>();

  /** `limit`: the most bytes of one entry; 100,000 by default. */
  constructor({ name = 'log', limit = 100_000 }: { readonly name?: string; readonly limit?: number } = {}) {
    this.name = name;
    this.#limit = limit;
  }

  /** The positions of its first and last entry. */
  get standing(): LogBounds {
    return { log: this.name, first: this.#entries[0]?.position ?? this.#last + 1, last: this.#last };
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  append(id: string, bytes: Uint8Array): void {
    this.#entries.push({ position: ++this.#last, id, bytes });
    for (const wake of this.#followers) wake();
  }

  /** Removes the entries and snapshots before a position. */
  cut(position: number): void {
    this.#entries = this.#entries.filter((entry) => entry.position >= position);
    for (const at of this.#snapshots.keys()) if (at < position) this.#snapshots.delete(at);
  }

  at(position: number): LogEntry | undefined {
    const [oldest] = this.#entries;
    return oldest && this.#entries[position - oldest.position];
  }

  /** The log as one journal has it, without faults. */
  open(): Log {
    return {
      maxEntryBytes: this.#limit,
      append: async (id, bytes) => this.append(id, bytes),
      entries: (from, signal) => this.#follow(from, signal),
      bounds: async () => this.standing,
      idAt: async (position) => this.at(position)?.id,
      requireTruncation: async () => {},
      truncateBefore: async (position) => this.cut(position),
      snapshots: {
        list: async () => [...this.#snapshots.keys()].sort((a, b) => b - a),
        read: (position) => this.#read(position),
        write: async (position, data) => {
          const parts: Uint8Array[] = [];
          for await (const part of data) parts.push(part);
          this.#snapshots.set(position, parts);
        },
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async *#read(position: number): AsyncGenerator<Uint8Array> {
    const found = this.#snapshots.get(position);
    if (!found) throw new TroupeError('storage', `The snapshot at ${position} is gone.`);
    yield* found;
  }

  async *#follow(from: number, signal: AbortSignal): AsyncGenerator<LogEntry> {
    for (let next = from; !signal.aborted;) {
      next = Math.max(next, this.standing.first);
      const entry = this.at(next);
      if (entry) {
        next++;
        yield entry;
      } else await this.#more(signal);
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#followers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#followers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
