/**
 * Checks the structure of a journal file: that its pages form trees, and that every index has what its table has.
 * What the rows say is compared with digests when they are read. But a row that an index or a page does not give any more cannot be compared:
 * only its absence shows, and it looks like something that never happened. So a journal whose structure is damaged is not read at all.
 */
import { corruptJournal } from '../chain.ts';
import type { SqliteDriver } from './database.ts';

/** Up to this size, in bytes, the whole file is checked when it is opened: about a millisecond for each megabyte. */
const smallFile = 32 * 1_024 * 1_024;

/** The tables of which an absent row would be taken for something that never happened. Of the others every actor's chain tells how many rows there must be. */
const keyedTables = ['actors', 'claims', 'inbox', 'ledger', 'mail', 'pending', 'replies', 'results'];

/** Every sort of damage that the check of SQLite finds, in its words; empty when there is none. */
export function structureDamage(db: SqliteDriver, table?: string, most = 20): string[] {
  return db
    .prepare(`PRAGMA integrity_check(${table === undefined ? most : `'${table}'`})`)
    .all()
    .flatMap((row) => String(Object.values(row)[0]).split('\n'))
    .filter((line) => line !== 'ok' && !line.startsWith('***'));
}

/** Throws `corrupt` when the structure is damaged. In a large file the tables that grow with every step are left to `verify`. */
export function requireStructure(db: SqliteDriver): void {
  const { bytes } = db
    .prepare<{ bytes: number }>('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size')
    .get() ?? { bytes: 0 };
  const found =
    bytes <= smallFile ? structureDamage(db, undefined, 1) : keyedTables.flatMap((table) => structureDamage(db, table));
  const [first] = found;
  if (first !== undefined) throw corruptJournal(`its structure is broken (${first})`);
}
