/** Saves a file whole or not at all: it is written beside its place, and then put there. */
import { constants, copyFile, link, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { propertiesOf } from '../values/properties.ts';
import { errorMessage } from '../values/cause.ts';
import { UsageError } from './exit.ts';

/** Writes the bytes to `path`. Throws `UsageError` for a folder, for a file that is there already unless `force`, and for a place that cannot be written. */
export async function saveFile(
  path: string,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  {
    force,
  }: {
    /** Replaces a file that is there already. */
    readonly force: boolean;
  },
): Promise<void> {
  await requirePlace(path, force);
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`);
  try {
    const file = await open(unfinished, 'wx');
    try {
      await writeFile(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await (force ? rename(unfinished, path) : putInto(unfinished, path));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    if (propertiesOf(cause).code === 'EEXIST') throw isThere(path);
    throw new UsageError(`${path} cannot be written: ${errorMessage(cause)}. Choose another place with --to.`, {
      cause,
    });
  } finally {
    await rm(unfinished, { force: true }).catch(() => {}); // The file is saved, or its error says why not.
  }
}

async function requirePlace(path: string, force: boolean): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new UsageError(`${path} is a folder; --to names the file to write.`);
  if (there && !there.isFile()) throw new UsageError(`${path} is no plain file; choose another with --to.`);
  if (there && !force) throw isThere(path);
}

const isThere = (path: string): UsageError =>
  new UsageError(
    `${path} is there already, and was left as it is. Replace it with --force, or choose another with --to.`,
  );

/** Also when another process makes the file meanwhile, it is not replaced. */
async function putInto(unfinished: string, path: string): Promise<void> {
  try {
    await link(unfinished, path);
  } catch (thrown) {
    // Some file systems have no links.
    if (propertiesOf(thrown).code === 'EEXIST') throw thrown;
    await copyFile(unfinished, path, constants.COPYFILE_EXCL);
  }
}
