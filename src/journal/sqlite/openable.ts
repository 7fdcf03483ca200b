/**
 * Checks a file before a database library opens it. A library may end the whole process at a schema whose texts are not UTF-8 any more, and it takes a write-ahead
 * log that is damaged in its middle for one that ends there. Nothing is locked and nothing is written.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { isJournalSchema, isSchemaOf, newestVersion } from './schema.ts';
import { schemaRows, type ReadPage } from './schemaRows.ts';
import { readWal } from './wal.ts';

/** Throws `corrupt` for a journal whose schema or write-ahead log is damaged, `incompatible` for the database of another program. What is no database is left to the library. */
export function requireOpenable(path: string): void {
  // Another process may write while this one reads: only what is wrong again and again is damage.
  for (let tries = 3; ; tries--) {
    try {
      return check(path);
    } catch (thrown) {
      if (tries === 1) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function check(path: string): void {
  const log = readIfThere(`${path}-wal`);
  const wal = log && readWal(log);
  if (wal?.damage !== undefined) throw damaged(path, `its write-ahead log is damaged: ${wal.damage}`);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const header = Buffer.alloc(100);
    const inLog = wal?.pages.get(1);
    if (log && inLog !== undefined) log.copy(header, 0, inLog, inLog + 100);
    else if (!isRead(file, header, 0)) return;
    if (header.toString('latin1', 0, 16) === 'SQLite format 3\0')
      requireSchema(path, header, pagesOf(file, header, log, wal?.pages));
  } finally {
    closeSync(file);
  }
}

function pagesOf(file: number, header: Buffer, log: Buffer | undefined, inLog?: ReadonlyMap<number, number>): ReadPage {
  const stored = header.readUInt16BE(16);
  const size = stored === 1 ? 65_536 : stored;
  return (page) => {
    const offset = inLog?.get(page);
    if (log && offset !== undefined) return log.subarray(offset, offset + size);
    const bytes = Buffer.alloc(size);
    return size >= 512 && isRead(file, bytes, (page - 1) * size) ? bytes : undefined;
  };
}

function requireSchema(path: string, header: Buffer, pages: ReadPage): void {
  const version = header.readUInt32BE(60);
  const read = attempt(() => schemaRows(pages));
  if (version > newestVersion) return; // Told by `migrate`, which reads nothing but the version.
  if (read instanceof Error) throw damaged(path, `its schema cannot be read: ${errorMessage(read)}`);
  if (read.length === 0 && version === 0) return;
  if (isSchemaOf(read, version) && isPlainHeader(header)) return;
  if (isJournalSchema(read)) throw damaged(path, 'its header is not what was written');
  if (version === 0)
    throw new TroupeError(
      'incompatible',
      `${path} is a database of another program. Choose another file with --db. Nothing was changed.`,
    );
  throw damaged(path, 'its schema is not what was written');
}

/** What every journal has: both format versions of the write-ahead log or of the rollback journal, no reserved bytes, the fractions of a page, UTF-8. */
const isPlainHeader = (header: Buffer): boolean =>
  header.readUInt8(18) === header.readUInt8(19) &&
  [1, 2].includes(header.readUInt8(18)) &&
  header.readUInt32BE(20) === 0x00402020 &&
  header.readUInt32BE(56) === 1;

const damaged = (path: string, what: string) =>
  new TroupeError(
    'corrupt',
    `The journal ${path} is damaged: ${what}. It is not opened. Keep a copy, and restore a backup.`,
    { data: { what } },
  );

function isRead(file: number, into: Buffer, at: number): boolean {
  const count = attempt(() => readSync(file, into, 0, into.length, at));
  return count === into.length;
}

function readIfThere(path: string): Buffer | undefined {
  const read = attempt(() => readFileSync(path));
  return read instanceof Error ? undefined : read;
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}
