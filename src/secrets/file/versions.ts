/**
 * A text that is replaced as a whole, in a folder of numbered files: `7.json` is its seventh version, and the one with the highest number counts. A new
 * version is a new file, which only one process can make. So there is no lock that a process which was killed would leave behind.
 */
import { join } from 'node:path';
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { propertiesOf } from '../../values/properties.ts';
import { makeWholeFile, removeDrafts } from './wholeFile.ts';

const fs = process.getBuiltinModule('node:fs');

/** A version that was read. */
export interface TextVersion {
  /** 0 when nothing was written yet. */
  readonly number: number;
  /** The path of its file. */
  readonly path: string;
  /** Undefined when nothing was written yet. */
  readonly text: string | undefined;
}

/** Far more than processes can write while one reads. */
const mostTries = 1_000;

const numberOf = (name: string): number => Number(/^([1-9]\d{0,14})\.json$/.exec(name)?.[1] ?? 0);

/** The versions in a folder, which is made when the first one is written. */
export function versionsIn(folder: string) {
  const pathOf = (number: number) => join(folder, `${number}.json`);

  async function newest(): Promise<number> {
    return Math.max(0, ...(await namesIn(folder)).map(numberOf));
  }

  return {
    /** Reads the newest version. */
    async read(): Promise<TextVersion> {
      for (let tries = 0; tries < mostTries; tries++) {
        const number = await newest();
        const path = pathOf(number);
        if (number === 0) return { number, path, text: undefined };
        const text = await readText(path);
        // Another process replaced it meanwhile, and has removed it: there is a newer one.
        if (text !== undefined) return { number, path, text };
      }
      throw new TroupeError('storage', `${pathOf(await newest())} is named in its folder and is not there. Remove it.`);
    },

    /** Writes the version after `before`, and resolves when it is on the disk. False when another process wrote one first; then read again. */
    async write(before: number, text: string): Promise<boolean> {
      const number = before + 1;
      if (!(await makeWholeFile(pathOf(number), text))) return false;
      // A process that stood still for long may make a file whose number was used and removed already.
      if ((await newest()) > number) {
        await fs.promises.rm(pathOf(number), { force: true });
        return false;
      }
      await removeBefore(number);
      return true;
    },
  };

  /** Removes what is older than this version; what cannot be removed, the next write tries again. */
  async function removeBefore(number: number): Promise<void> {
    for (const name of await namesIn(folder)) {
      const other = numberOf(name);
      if (other > 0 && other < number) await fs.promises.rm(join(folder, name), { force: true }).catch(() => {});
    }
    await removeDrafts(folder, (name) => numberOf(name) <= number);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(folder);
  } catch (cause) {
    if (propertiesOf(cause).code === 'ENOENT') return [];
    throw unreadable(folder, cause);
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await fs.promises.readFile(path, 'utf8');
  } catch (cause) {
    if (propertiesOf(cause).code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
}

const unreadable = (path: string, cause: unknown): TroupeError =>
  new TroupeError('storage', `${path} cannot be read: ${errorMessage(cause)}. Check who may read it.`, { cause });
