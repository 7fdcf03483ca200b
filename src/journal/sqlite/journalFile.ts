/** What can be the place of a journal: the path of a file that is there, or can be made. */
import type { Stats } from 'node:fs';
import { TroupeError } from '../../values/failure.ts';

const { statSync } = process.getBuiltinModule('node:fs');

/** Throws `invalid` for what is no path of a file, such as the address of a database. */
export function requireFilePath(given: unknown): asserts given is string {
  const refuse = (what: string): never => {
    throw new TroupeError(
      'invalid',
      `The journal (db) is the path of a file, such as ./.troupe/troupe.db, or "memory"; got ${what}.`,
    );
  };
  if (typeof given !== 'string') refuse(given === null ? 'null' : `a value of type ${typeof given}`);
  const path = String(given);
  if (path.trim() === '') refuse('an empty text');
  if (path.includes('\0')) refuse('a text with a NUL');
  if (path === ':memory:') refuse('":memory:"; write "memory" to keep nothing');
  // A letter before the colon is a drive, and any other name may have a colon. The rest of an address may be secret.
  const scheme = /^[a-z][a-z\d+.-]+:(?=\/)/i.exec(path)?.[0] ?? addresses.exec(path)?.[0];
  if (scheme !== undefined) refuse(`an address that begins with "${scheme}"`);
}

/** What begins an address also without slashes. */
const addresses =
  /^(?:file|sqlite3?|libsql|nats|tls|wss?|https?|postgres(?:ql)?|mysql|mariadb|mongodb|redis|data|memory):/i;

/** Throws `storage` for what is there and is no file: to open a pipe would wait for a writer. */
export function requireFile(path: string): void {
  const found = statOf(path);
  if (!found || found.isFile()) return;
  throw new TroupeError(
    'storage',
    `The journal ${path} cannot be opened: it is ${kindOf(found)}. Name a file with --db.`,
    {
      retryable: false,
    },
  );
}

/** What cannot be looked at is left to the library, which says why. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

const kindOf = (found: Stats): string =>
  found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device';
