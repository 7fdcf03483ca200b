/** Makes a file that is there whole or not at all, also after a crash or a power cut, and of two processes that make it at once lets one be first. */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { errorMessage } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { propertiesOf } from '../../values/properties.ts';

const fs = process.getBuiltinModule('node:fs');

/** Of files and folders that only their owner may use. */
const fileMode = 0o600;
const folderMode = 0o700;

/** Makes the file, and resolves when it is on the disk. False when another process was first, whose file is left as it is. */
export async function makeWholeFile(path: string, text: string): Promise<boolean> {
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.draft`);
  try {
    await makeFolder(folder);
    try {
      await writeDraft(draft, text);
      await fs.promises.link(draft, path);
    } finally {
      await fs.promises.rm(draft, { force: true });
    }
    await syncFolder(folder);
    return true;
  } catch (cause) {
    // The draft is gone when another process made the file and removed all drafts of it.
    if (['EEXIST', 'ENOENT'].includes(String(propertiesOf(cause).code)) && (await isThere(folder))) return false;
    throw unwritable(path, cause);
  }
}

/** Removes the files among these that a process that was killed has left, by the name of the file that they were to become. */
export async function removeDrafts(folder: string, isOver: (name: string) => boolean): Promise<void> {
  const names = await fs.promises.readdir(folder).catch(() => []);
  for (const draft of names) {
    const [, name] = /^\.(.+)\.[0-9a-f]{12}\.draft$/.exec(draft) ?? [];
    if (name !== undefined && isOver(name)) await fs.promises.rm(join(folder, draft), { force: true }).catch(() => {}); // The next one tries again.
  }
}

/** The error for a file that cannot be written. */
export const unwritable = (path: string, cause: unknown): TroupeError =>
  new TroupeError('storage', `${path} cannot be written: ${errorMessage(cause)}. Check its folder and the disk.`, {
    cause,
  });

/** Writes what stands in a folder to the disk, such as the name of a new file. Windows has no such operation. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.promises.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await fs.promises.mkdir(folder, { recursive: true, mode: folderMode });
  if (first !== undefined) await syncFolder(dirname(first));
}

async function writeDraft(draft: string, text: string): Promise<void> {
  const handle = await fs.promises.open(draft, 'wx', fileMode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isThere = (folder: string): Promise<boolean> =>
  fs.promises.readdir(folder).then(
    () => true,
    () => false,
  );
