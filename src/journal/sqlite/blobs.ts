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

/** Converts values to what a column holds, and back. */
export interface ValueCodec {
  /** The text to store for a value; stores a large one in `blobs`. */
  write(value: StorableValue): string;
  /** The value that was stored. Throws `corrupt` when the text is not JSON, or its blob is missing or changed. */
  read(stored: string): Json;
}

/** The converter for an open journal. */
export function valueCodec(db: SqliteDriver): ValueCodec {
  const insert = db.prepare('INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)');
  const select = db.prepare<{ readonly data: string }>('SELECT data FROM blobs WHERE hash = ?');
  /** An actor's metadata is written with every commit, and values never change in place: so the text and hash of a large one are computed once (E6). */
  const large = new WeakMap<object, { readonly text: string; readonly hash: string }>();
  return {
    write(value) {
      const key = typeof value === 'object' && value !== null ? value : undefined;
      const known = key && large.get(key);
      const text = known?.text ?? JSON.stringify(value ?? null);
      if (text.length <= maxInlineLength) return text;
      const hash = known?.hash ?? sha256Digest(text);
      if (key && !known) large.set(key, { text, hash });
      // Inserted every time: the transaction that stored it first may have been rolled back.
      insert.run(hash, text);
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
  };
}

function parse(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch (cause) {
    throw corruptJournal(`a value is not JSON any more (${errorMessage(cause)})`);
  }
}

/** Deletes the blobs that no column refers to. */
export function deleteUnreferencedBlobs(db: SqliteDriver): void {
  const columns = [
    ['actors', 'snapshot'],
    ['actors', 'meta'],
    ['commits', 'event'],
    ['pending', 'data'],
    ['replies', 'envelope'],
    ['ledger', 'input'],
    ['ledger', 'outcome'],
    ['entries', 'data'],
    ['mail', 'envelope'],
  ];
  const used = columns.map(
    ([table, column]) =>
      `SELECT substr(${column}, ${referencePrefix.length + 1}) FROM ${table} WHERE substr(${column}, 1, ${referencePrefix.length}) = '${referencePrefix}'`,
  );
  db.exec(`DELETE FROM blobs WHERE hash NOT IN (${used.join(' UNION ')})`);
}
