/** Stores a value as JSON text. A large text, or a long list inside of several values, is stored once, by its hash, and read back as if it had been inline (J7). */
import type { DeadLetter } from '../../contracts/deadLetter.ts';
import type { Outcome } from '../../contracts/effect.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import { hasFinishedLists, isFinishedList } from '../../values/finishedList.ts';
import type { Json } from '../../values/json.ts';
import { corruptJournal, sha256Digest } from '../chain.ts';
import { errorMessage } from '../../values/cause.ts';
import type { SqliteDriver } from './database.ts';
import type { Commit, Pending } from '../journal.ts';

/** The longest JSON text that is stored inline, in characters. */
const maxInlineLength = 256 * 1024;
/** The shortest JSON text of a finished list that is stored by itself. */
const minListLength = 16 * 1024;
/** Begins a reference to a blob; its hash follows. No JSON text begins with it. */
const referencePrefix = '@blob:';
/** Begins a value without its long lists; a JSON text follows: the value with null in their places, and for each its place and its hash. */
const partsPrefix = '@parts:';
/** How deep in a value, and under how many names of an object, a list is looked for. */
const deepest = 8;
const mostNames = 32;

/** What a column of JSON text may hold. */
export type StorableValue = Json | undefined | Commit['event'] | Pending['data'] | Outcome | Envelope | DeadLetter;

/** Converts values to what a column or a part of a record holds, and back. */
export interface ValueCodec {
  /** The text to store for a value of a run; stores a large one in `blobs`. `whole`: no list of it is stored by itself, because a query reads the text. */
  write(value: StorableValue, run: string, whole?: boolean, known?: KnownTexts): string;
  /** The value that was stored. Throws `corrupt` when the text is not JSON, or its blob is missing or changed. */
  read(stored: string): Json;
  /** The JSON text to put into a record for a value of a run; `known`: texts of values that it may hold. */
  embed(value: StorableValue, run: string, known?: KnownTexts): string;
  /** The value that was embedded in a record. Throws `corrupt` as `read` does. */
  extract(embedded: Json): Json;
}

/** JSON texts of values of one commit, by the value: what an effect gave is often appended to lists as well, and its text is made once. */
export type KnownTexts = ReadonlyMap<unknown, string>;

/** Begins a text in a record that is a reference, or that begins like one and has one more. */
const mark = '@';

/** What stands in a column, as it would be embedded in a record. */
export function embedded(stored: string): Json {
  if (stored.startsWith(mark)) return stored;
  const value = parse(stored);
  return typeof value === 'string' && value.startsWith(mark) ? mark + value : value;
}

/** The converter for an open journal. */
export function valueCodec(db: SqliteDriver): ValueCodec {
  const insert = db.prepare('INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)');
  const use = db.prepare('INSERT OR IGNORE INTO uses (hash, run) VALUES (?, ?)');
  const select = db.prepare<{ readonly data: string }>('SELECT data FROM blobs WHERE hash = ?');
  /** An actor's metadata is written with every commit, and values never change in place: so the text and hash of a large one are computed once (E6). */
  const large = new WeakMap<object, Blob>();
  const textOf = (value: object): string => large.get(value)?.text ?? JSON.stringify(value);
  /** Stores a text, and gives its hash. */
  function store(value: object | undefined, text: string, run: string): string {
    const hash = (value && large.get(value)?.hash) ?? sha256Digest(text);
    if (value && !large.has(value)) large.set(value, { text, hash });
    // Inserted every time: the transaction that stored it first may have been rolled back.
    insert.run(hash, text);
    use.run(hash, run);
    return hash;
  }
  /** The value of a blob. */
  function take(hash: string): Json {
    const data = select.get(hash)?.data;
    if (data === undefined || sha256Digest(data) !== hash)
      throw corruptJournal(`the large value ${hash} is ${data === undefined ? 'missing' : 'not what was written'}`);
    return codec.read(data);
  }
  /** The text of a value whose long lists are stored by themselves; undefined when it has none. */
  function textInParts(value: object, run: string): string | undefined {
    const lists: FoundList[] = [];
    const rest = withoutLists(value, (list) => textOf(list).length >= minListLength, lists);
    if (lists.length === 0) return undefined;
    return partsPrefix + JSON.stringify([rest, lists.map(({ path, list }) => [path, store(list, textOf(list), run)])]);
  }
  const codec: ValueCodec = {
    write(value, run, whole = false, known) {
      const key = typeof value === 'object' && value !== null ? value : undefined;
      const inParts = key && !whole && hasFinishedLists() ? textInParts(key, run) : undefined;
      const text = inParts ?? (key ? (known ? joinedText(key, known) : textOf(key)) : JSON.stringify(value ?? null));
      if (text.length <= maxInlineLength) return text;
      return referencePrefix + store(inParts === undefined ? key : undefined, text, run);
    },
    read(stored) {
      if (stored.startsWith(referencePrefix)) return take(stored.slice(referencePrefix.length));
      return stored.startsWith(partsPrefix) ? withLists(parse(stored.slice(partsPrefix.length)), take) : parse(stored);
    },
    embed(value, run, known) {
      const stored = codec.write(value, run, false, known);
      if (stored.startsWith(mark)) return JSON.stringify(stored);
      return stored.startsWith(`"${mark}`) ? `"${mark}${stored.slice(1)}` : stored;
    },
    extract: (value) =>
      typeof value !== 'string' || !value.startsWith(mark)
        ? value
        : value.startsWith(mark + mark)
          ? value.slice(1)
          : codec.read(value),
  };
  return codec;
}

/** A text that is stored once. */
interface Blob {
  readonly text: string;
  readonly hash: string;
}

/** A list in a value, and the names that lead to it. */
interface FoundList {
  readonly path: readonly string[];
  readonly list: readonly unknown[];
}

/** How deep in a value those are looked for whose texts are known. */
const deepestKnown = 3;

/** What `JSON.stringify` gives. */
function joinedText(value: unknown, known: KnownTexts, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const text = known.get(value);
  if (text !== undefined) return text;
  if (depth >= deepestKnown) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    if (!known.has(items[0])) return JSON.stringify(items);
    return `[${items.map((item) => joinedText(item, known, depth + 1)).join(',')}]`;
  }
  const fields: string[] = [];
  for (const [key, inner] of Object.entries(value))
    if (inner !== undefined) fields.push(`${JSON.stringify(key)}:${joinedText(inner, known, depth + 1)}`);
  return `{${fields.join(',')}}`;
}

/** The value with null in place of every finished list that is long enough; the lists are added to `found`. */
function withoutLists(
  value: unknown,
  isLong: (list: readonly unknown[]) => boolean,
  found: FoundList[],
  path: string[] = [],
): unknown {
  if (typeof value !== 'object' || value === null || path.length > deepest) return value;
  if (Array.isArray(value)) {
    if (!isFinishedList(value) || !isLong(value)) return value;
    found.push({ path: [...path], list: value });
    return null;
  }
  let copy: Record<string, unknown> | undefined;
  let names = 0;
  for (const name in value) {
    if (++names > mostNames) break;
    const inner = (value as Record<string, unknown>)[name];
    if (typeof inner !== 'object' || name === '__proto__') continue;
    path.push(name);
    const rest = withoutLists(inner, isLong, found, path);
    path.pop();
    if (rest !== inner) (copy ??= { ...value })[name] = rest;
  }
  return copy ?? value;
}

/** What `withoutLists` took a value apart into, together again. */
function withLists(stored: Json, take: (hash: string) => Json): Json {
  // The hash of what holds it vouches for its shape.
  const [rest, parts] = stored as unknown as [Json, readonly (readonly [path: readonly string[], hash: string])[]];
  const whole = { value: rest };
  const taken = new Map<string, Json>();
  for (const [path, hash] of parts) {
    const list = taken.get(hash) ?? take(hash);
    taken.set(hash, list);
    const names = ['value', ...path];
    const last = names.pop() ?? '';
    // Objects lead to a list.
    const holder = names.reduce((inner, name) => inner[name] as Record<string, Json>, whole as Record<string, Json>);
    holder[last] = list;
  }
  return whole.value;
}

function parse(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch (cause) {
    throw corruptJournal(`a value is not JSON any more (${errorMessage(cause)})`);
  }
}

/** Forgets what a run used, and deletes the large values that no other run uses. */
export function deleteBlobsOf(db: SqliteDriver, run: string): void {
  const used = db.prepare<{ readonly hash: string }>('SELECT hash FROM uses WHERE run = ?').all(run);
  if (used.length === 0) return;
  db.prepare('DELETE FROM uses WHERE run = ?').run(run);
  const remove = db.prepare(
    'DELETE FROM blobs WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.hash = blobs.hash)',
  );
  for (const { hash } of used) remove.run(hash);
}
