/** Damages records of commits where they stand: what they say is compressed, so no text of it is found in the file. */
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import type { SqliteDriver } from '../../../src/journal/sqlite/database.ts';
import { dictionaryAfter, unpacked, type Dictionary } from '../../../src/journal/sqlite/packing.ts';
import type { CommitColumns } from '../../../src/journal/sqlite/rows.ts';

/** Flips one bit in every record that is chosen by what it says, its actor and its number. Returns how many there were. */
export async function damageRecords(
  path: string,
  driver: SqliteDriver['name'],
  isChosen: (said: string, actor: string, seq: number) => boolean,
): Promise<number> {
  const db = await openSqliteDriver(path, driver);
  const rows = db
    .prepare<CommitColumns & { address: string }>(
      'SELECT c.*, a.actor AS address FROM commits c JOIN actors a ON a.id = c.actor ORDER BY c.actor, c.seq',
    )
    .all();
  const update = db.prepare('UPDATE commits SET record = ? WHERE position = ?');
  let dictionary: Dictionary = [];
  let count = 0;
  for (const { position, address, seq, record } of rows) {
    const said = unpacked(record, dictionary) ?? '';
    dictionary = dictionaryAfter(dictionary, seq, Buffer.from(said));
    if (!isChosen(said, address, seq)) continue;
    const damaged = Uint8Array.from(record);
    // Neither the first byte, which says how it is stored, nor the last one, of which some bits mean nothing.
    const at = Math.floor(damaged.length / 2);
    damaged.set([(damaged[at] ?? 0) ^ 4], at);
    update.run(damaged, position);
    count++;
  }
  db.close();
  return count;
}
