/** Stores a value as JSON text. A large text is stored once, by its hash, and read back as if it had been inline (J7). */
import type { DeadLetter } from '../../contracts/deadLetter.ts';
import type { Outcome } from '../../contracts/effect.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { Json } from '../../values/json.ts';
import { corruptJournal, sha256Digest } from '../chain.ts';
import { errorMessage } from '../../values/cause.ts';
import type { SqliteDriver } from './database.ts';
import type { Commit, Pending } from '../journal.ts';

/** The longest JSON text that is stored inline, in characters. */
const maxInlineLength = 256 * 1024;
/** Begins a reference to a blob; its hash follows. No JSON text begins with it. */
const referencePrefix = '@blob:';

/** What a column of JSON text may hold. */
export type StorableValue = Json | undefined | Commit['event'] | Pending['data'] | Outcome | Envelope | DeadLetter;

/** Converts values to what a column or a part of a record holds, and back. */
export interface ValueCodec {
  /** The text to store for a value of a run; stores a large one in `blobs`. */
  write(value: StorableValue, run: string): string;
  /** The value that was stored. Throws `corrupt` when the text is not JSON, or its blob is missing or changed. */
  read(stored: string): Json;
  /** The JSON text to put into a record for a value of a run. */
  embed(value: StorableValue, run: string): string;
  /** The value that was embedded in a record. Throws `corrupt` as `read` does. */
  extract(embedded: Json): Json;
}

/** Begins a text in a record that is a reference, or that begins like one and has one more. */
const mark = '@';

/** What stands in a column, as it would be embedded in a record. */
export function embedded(stored: string): Json {
  if (stored.startsWith(referencePrefix)) return stored;
  const value = parse(stored);
  return typeof value === 'string' && value.startsWith(mark) ? mark + value : value;
}

/** The converter for an open journal. */
export function valueCodec(db: SqliteDriver): ValueCodec {
  const insert = db.prepare('INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)');
  const use = db.prepare('INSERT OR IGNORE INTO uses (hash, run) VALUES (?, ?)');
  const select = db.prepare<{ readonly data: string }>('SELECT data FROM blobs WHERE hash = ?');
  /** An actor's metadata is written with every commit, and values never change in place: so the text and hash of a large one are computed once (E6). */
  const large = new WeakMap<object, { readonly text: string; readonly hash: string }>();
  const codec: ValueCodec = {
    write(value, run) {
      const key = typeof value === 'object' && value !== null ? value : undefined;
      const known = key && large.get(key);
      const text = known?.text ?? JSON.stringify(value ?? null);
      if (text.length <= maxInlineLength) return text;
      const hash = known?.hash ?? sha256Digest(text);
      if (key && !known) large.set(key, { text, hash });
      // Inserted every time: the transaction that stored it first may have been rolled back.
      insert.run(hash, text);
      use.run(hash, run);
      return referencePrefix + hash;
    },
    read(stored) {
      if (!stored.startsWith(referencePrefix)) return parse(stored);
      const hash = stored.slice(referencePrefix.length);
      const data = select.get(hash)?.data;
      if (data === undefined || sha256Digest(data) !== hash)
        throw corruptJournal(`the large value ${hash} is ${data === undefined ? 'missing' : 'not what was written'}`);
      return parse(data);
    },
    embed(value, run) {
      const stored = codec.write(value, run);
      if (stored.startsWith(referencePrefix)) return `"${stored}"`;
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
