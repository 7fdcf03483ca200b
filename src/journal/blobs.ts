/** Large values stand once, by content, and are read back as if they had been inline (J7). */
import type { Json } from '../contracts/json.ts';
import { sum } from './chain.ts';
import type { Driver } from './driver.ts';

/** So many characters of JSON stay inline. */
const inline = 256 * 1024;
/** JSON never starts with it. */
const mark = '@blob:';

export interface Texts {
  /** What to store for a value. */
  write(value: Json | undefined): string;
  read(stored: string): Json;
}

export function texts(db: Driver): Texts {
  const insert = db.prepare('INSERT OR IGNORE INTO blobs (hash, data) VALUES (?, ?)');
  const select = db.prepare('SELECT data FROM blobs WHERE hash = ?');
  /** What an actor was born with is written with every commit, and values never change in place: a large one is put into words once (E6). */
  const large = new WeakMap<object, { readonly text: string; readonly hash: string }>();
  return {
    write(value) {
      const key = typeof value === 'object' && value !== null ? value : undefined;
      const known = key && large.get(key);
      const text = known?.text ?? JSON.stringify(value ?? null);
      if (text.length <= inline) return text;
      const hash = known?.hash ?? sum(text);
      if (key && !known) large.set(key, { text, hash });
      // Each time: the write that stored it first may have been rolled back.
      insert.run(hash, text);
      return mark + hash;
    },
    read(stored) {
      if (!stored.startsWith(mark)) return JSON.parse(stored) as Json;
      const hash = stored.slice(mark.length);
      const data = select.get(hash)?.data as string | undefined;
      if (data === undefined || sum(data) !== hash)
        throw new SyntaxError(`the large value ${hash} is ${data === undefined ? 'missing' : 'not what was written'}`);
      return JSON.parse(data) as Json;
    },
  };
}

/** Forgets the large values that nothing refers to. */
export function sweep(db: Driver): void {
  const places = [
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
  const used = places.map(
    ([table, column]) =>
      `SELECT substr(${column}, ${mark.length + 1}) FROM ${table} WHERE substr(${column}, 1, ${mark.length}) = '${mark}'`,
  );
  db.exec(`DELETE FROM blobs WHERE hash NOT IN (${used.join(' UNION ')})`);
}
