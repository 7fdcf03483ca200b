/** A log in memory, for any number of journals: what JetStream does, without the server. */
import { TroupeError } from '../../contracts/failure.ts';
import type { Log, LogEntry, Standing } from '../../journal/log.ts';

export class SharedLog {
  readonly name: string;
  readonly #limit: number;
  #entries: LogEntry[] = [];
  #last = 0;
  readonly #snapshots = new Map<number, readonly Uint8Array[]>();
  readonly #hearers = new Set<() => void>();

  constructor({ name = 'log', limit = 100_000 }: { readonly name?: string; readonly limit?: number } = {}) {
    this.name = name;
    this.#limit = limit;
  }

  get standing(): Standing {
    return { log: this.name, first: this.#entries[0]?.position ?? this.#last + 1, last: this.#last };
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  append(id: string, bytes: Uint8Array): void {
    this.#entries.push({ position: ++this.#last, id, bytes });
    for (const hear of this.#hearers) hear();
  }

  /** Forgets what came before a position. */
  cut(position: number): void {
    this.#entries = this.#entries.filter((entry) => entry.position >= position);
    for (const at of this.#snapshots.keys()) if (at < position) this.#snapshots.delete(at);
  }

  at(position: number): LogEntry | undefined {
    const [oldest] = this.#entries;
    return oldest && this.#entries[position - oldest.position];
  }

  /** A way to it, without faults. */
  open(): Log {
    return {
      limit: this.#limit,
      append: async (id, bytes) => this.append(id, bytes),
      entries: (from, signal) => this.#follow(from, signal),
      standing: async () => this.standing,
      idAt: async (position) => this.at(position)?.id,
      cut: async (position) => this.cut(position),
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
      const hear = () => {
        this.#hearers.delete(hear);
        signal.removeEventListener('abort', hear);
        resolve();
      };
      this.#hearers.add(hear);
      signal.addEventListener('abort', hear);
    });
  }
}
