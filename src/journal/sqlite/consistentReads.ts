/**
 * Reads of several statements, between which another process may store something: rows that do not fit each other would look like damage. Such a read is
 * made again in one snapshot of the file, and only what is damaged there is: unless a newer troupe has migrated the file.
 */
import { toFailure } from '../../values/failure.ts';
import type { SqliteDriver } from './database.ts';
import { requireKnownVersion } from './schema.ts';

/** Makes reads of this database consistent. A read waits for nothing but promises that are settled, so no write of this process comes between. */
export const consistentReads =
  (db: SqliteDriver) =>
  <Asked extends readonly unknown[], T>(read: (...asked: Asked) => T | Promise<T>) =>
  async (...asked: Asked): Promise<T> => {
    try {
      return await read(...asked);
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'corrupt') throw thrown;
    }
    // Also where the caller has a transaction of its own.
    db.exec('SAVEPOINT reading');
    try {
      return await read(...asked);
    } catch (thrown) {
      if (toFailure(thrown).kind === 'corrupt') requireKnownVersion(db);
      throw thrown;
    } finally {
      db.exec('RELEASE reading');
    }
  };
