/** Where the journal is, and what is kept beside it. */
import { dirname, resolve } from 'node:path';
import type { Cli } from './cli.ts';

/** The file of the journal where none is named. */
export const defaultJournal = '.troupe/troupe.db';

/** The folder that the journal is in, and the secrets beside it. */
export function journalFolder(
  { cwd, env }: Pick<Cli, 'cwd' | 'env'>,
  { db = env['TROUPE_DB'] ?? defaultJournal }: { readonly db?: string },
): string {
  return dirname(resolve(cwd, db === 'memory' ? defaultJournal : db));
}
