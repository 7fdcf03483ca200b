/** An actor's append-only lists (E6): read once, then kept current while the actor is in memory. */
import type { Json } from '../values/json.ts';

/** The lists of one actor. */
export class ActorLists {
  readonly #read: (name: string, length: number) => Promise<Json[]>;
  readonly #lengths: Map<string, number>;
  readonly #entries = new Map<string, Promise<Json[]>>();

  /** `read` returns the first `length` entries of a list as they were committed. */
  constructor(read: (name: string, length: number) => Promise<Json[]>, lengths: Readonly<Record<string, number>> = {}) {
    this.#read = read;
    this.#lengths = new Map(Object.entries(lengths));
  }

  /** Adds what a commit has just stored. */
  append(name: string, entry: Json): void {
    this.#lengths.set(name, (this.#lengths.get(name) ?? 0) + 1);
    this.#entries.get(name)?.then(
      (entries) => entries.push(entry),
      () => {},
    ); // The reader gets the failure.
  }

  async get(name: string): Promise<readonly Json[]> {
    let entries = this.#entries.get(name);
    if (!entries) {
      entries = this.#read(name, this.#lengths.get(name) ?? 0);
      this.#entries.set(name, entries);
      entries.catch(() => this.#entries.delete(name)); // The next call reads again.
    }
    return (await entries).slice();
  }
}
