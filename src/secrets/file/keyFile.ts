/**
 * Keys in a file of their own, which only its owner may read. The last one writes, all of them read. A key is only ever added at the end, so processes
 * and projects that share the file never take a key from each other; what is after "#" is a note.
 */
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { propertiesOf } from '../../values/properties.ts';
import {
  newSecretKey,
  parseSecretKey,
  secretKeyText,
  type KeyRing,
  type KeySource,
  type SecretKey,
} from './secretKey.ts';
import { makeWholeFile, removeDrafts, unwritable } from './wholeFile.ts';

const fs = process.getBuiltinModule('node:fs');

/** The keys in the file at this path. It is made, with a first key, when one is needed; `onCreate` is told then. */
export function keyFile(path: string, onCreate?: (path: string) => void): KeySource {
  const source = `the key file ${path}`;

  async function read(): Promise<KeyRing> {
    const text = await readPrivate(path);
    const keys = text === undefined ? [] : keysIn(text, path);
    return { source, keys, newest: keys.at(-1) };
  }

  /** Another process may have been killed while it made the file. */
  const tidy = () => removeDrafts(dirname(path), (name) => name === basename(path));

  return {
    read,
    async create() {
      if (await makeWholeFile(path, lineOf(newSecretKey()))) onCreate?.(path);
      await tidy();
      return read();
    },
    async add() {
      const key = newSecretKey();
      await append(path, lineOf(key));
      await tidy();
      return key;
    },
  };
}

const lineOf = (key: SecretKey): string =>
  `# The key ${key.id} of secrets. Keep a copy in a safe place.\n${secretKeyText(key)}\n`;

/** The keys on the lines of the file. A line that is no key, such as one that a power cut left half written, is an error only when there is no key at all. */
function keysIn(text: string, path: string): SecretKey[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const keys: SecretKey[] = [];
  let problem: unknown;
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    try {
      keys.push(parseSecretKey(line, `Line ${index + 1} of the key file ${path}`));
    } catch (thrown) {
      problem ??= thrown;
    }
  }
  if (keys.length === 0) throw problem ?? emptyFile(path);
  return keys;
}

const emptyFile = (path: string): TroupeError =>
  new TroupeError('invalid', `The key file ${path} has no key in it. Restore it, or remove it to have a new one made.`);

/** The text of a file that only its owner may read; undefined when there is none. */
async function readPrivate(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await fs.promises.open(path, 'r');
    await requirePrivate(file, path);
    return await file.readFile('utf8');
  } catch (cause) {
    if (propertiesOf(cause).code === 'ENOENT') return undefined;
    if (cause instanceof TroupeError) throw cause;
    throw new TroupeError('auth', `The key file ${path} cannot be read: ${errorMessage(cause)}.`, { cause });
  } finally {
    await file?.close();
  }
}

async function requirePrivate(file: FileHandle, path: string): Promise<void> {
  const found = await file.stat();
  if (!found.isFile()) throw new TroupeError('auth', `The key file ${path} is no plain file. Name another one.`);
  const mode = found.mode & 0o777;
  // Windows has other permissions, which are not in the mode.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new TroupeError(
    'auth',
    `The key file ${path} may be used by others (its mode is ${mode.toString(8)}; 600 was expected), so it is not used. Run: chmod 600 ${path}`,
  );
}

/** Adds lines at the end, in one write, and resolves when they are on the disk. */
async function append(path: string, lines: string): Promise<void> {
  try {
    const file = await fs.promises.open(path, 'a+', 0o600);
    try {
      await requirePrivate(file, path);
      const isOpenLine = /[^\n]$/.test(await file.readFile('utf8'));
      await file.appendFile(`${isOpenLine ? '\n' : ''}${lines}`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cause instanceof TroupeError ? cause : unwritable(path, cause);
  }
}
