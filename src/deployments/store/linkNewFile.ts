/** Makes a file whole or not at all, and only when there is none of its name: the second of two writers is told so. */
import { link, mkdir, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { propertiesOf } from '../../values/properties.ts';

/** Writes the text, durably. Resolves to false when there is a file of this name already; `unique` makes the name of the file in which it is written first. */
export async function linkNewFile(path: string, text: string, unique: string): Promise<boolean> {
  const folder = dirname(path);
  const unfinished = join(folder, `.${basename(path)}.${unique}.unfinished`);
  try {
    await mkdir(folder, { recursive: true });
    await writeDurably(unfinished, text);
    await link(unfinished, path);
    await flushFolder(folder);
    return true;
  } catch (thrown) {
    if (propertiesOf(thrown)['code'] === 'EEXIST') return false;
    throw new TroupeError('storage', `${path} cannot be written: ${reasonOf(thrown)}.`, { cause: thrown });
  } finally {
    await rm(unfinished, { force: true }).catch(() => {}); // What is left of it is never read.
  }
}

/** Writes a new file, and waits until the disk has it. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the disk has the names in a folder, where the system can do that. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows has no such call, and needs none.
  }
}
