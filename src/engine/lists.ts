/** An actor's append-only lists (E6): read once, then kept current while the actor is in memory. */
import type { ListFold } from '../contracts/effect.ts';
import type { Json } from '../values/json.ts';

/** The entries of one list in memory, and what was computed of them. */
interface KeptList {
  readonly entries: Json[];
  /** Undefined until one is asked for. */
  folds?: Map<ListFold<unknown>, { value: unknown; read: number }>;
}

/** So many entries of a list that nobody has read yet are kept: an agent reads its transcript when it has one entry, and some lists are never read here. */
const mostUnread = 4;

/** The lists of one actor. */
export class ActorLists {
  readonly #read: (name: string, length: number) => Promise<Json[]>;
  /** Both maps are made when the actor has its first list. */
  #lengths: Map<string, number> | undefined;
  #lists: Map<string, Promise<KeptList>> | undefined;
  /** All entries of the lists that began here and are short and unread: they need not be read back. */
  #unread: Map<string, Json[]> | undefined;

  /** `read` returns the first `length` entries of a list as they were committed. */
  constructor(read: (name: string, length: number) => Promise<Json[]>, lengths?: Readonly<Record<string, number>>) {
    this.#read = read;
    if (lengths) this.#lengths = new Map(Object.entries(lengths));
  }

  /** How many entries each list has. */
  get lengths(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#lengths ?? []);
  }

  /** Adds what a commit has just stored. */
  append(name: string, entry: Json): void {
    const lengths = (this.#lengths ??= new Map());
    const length = lengths.get(name) ?? 0;
    lengths.set(name, length + 1);
    if (!this.#lists?.has(name)) this.#keepUnread(name, length, entry);
    this.#lists?.get(name)?.then(
      ({ entries }) => entries.push(entry),
      () => {},
    ); // The reader gets the failure.
  }

  /** `length`: without the entry. */
  #keepUnread(name: string, length: number, entry: Json): void {
    const entries = length === 0 ? [] : this.#unread?.get(name);
    if (entries?.length !== length) return;
    if (length >= mostUnread) return void this.#unread?.delete(name);
    entries.push(entry);
    (this.#unread ??= new Map()).set(name, entries);
  }

  get(name: string): Promise<readonly Json[]> {
    return this.#kept(name).then(({ entries }) => entries.slice());
  }

  /** What the fold makes of the entries. It is kept, so that the next call reads only what was added since. */
  async fold<T>(name: string, fold: ListFold<T>): Promise<T> {
    const list = await this.#kept(name);
    const { entries, folds = (list.folds = new Map()) } = list;
    const kept = folds.get(fold as ListFold<unknown>) ?? { value: fold.initial(), read: 0 };
    folds.set(fold as ListFold<unknown>, kept);
    // The map is by fold, so the value is of its type.
    let value = kept.value as T;
    for (const entry of entries.slice(kept.read)) value = fold.add(value, entry);
    kept.value = value;
    kept.read = entries.length;
    return value;
  }

  #kept(name: string): Promise<KeptList> {
    const lists = (this.#lists ??= new Map());
    const known = lists.get(name);
    if (known) return known;
    const unread = this.#unread?.get(name);
    this.#unread?.delete(name);
    const length = this.#lengths?.get(name) ?? 0;
    // A list without entries is in no journal.
    const isHere = unread !== undefined || length === 0;
    const list = isHere ? Promise.resolve(keptList(unread ?? [])) : this.#read(name, length).then(keptList);
    lists.set(name, list);
    if (!isHere) list.catch(() => lists.delete(name)); // The next call reads again.
    return list;
  }
}

const keptList = (entries: Json[]): KeptList => ({ entries });
