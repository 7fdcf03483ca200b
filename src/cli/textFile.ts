/** Reads a text file that a user named on the command line. */
import { readFile } from 'node:fs/promises';
import { reasonOf } from '../values/cause.ts';
import { decodeUtf8 } from '../values/utf8.ts';
import { UsageError } from './exit.ts';

/** The text of a file, which must be UTF-8. Throws `UsageError`; `unreadable` begins the message when there is no such file. */
export async function readTextFile(file: string, unreadable: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new UsageError(`${unreadable}: ${reasonOf(cause)}.`, { cause });
  });
  return decodeUtf8(bytes, file);
}
