/**
 * Keeps the code of versions in a folder, each bundle in a folder of its hash.
 *
 * BF1 Code is loaded only as it was deployed: a bundle whose files were changed, added or lost is refused.
 */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Clock } from '../values/clock.ts';
import { reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import { bundleHash, type BundleFile } from './bundle.ts';
import { flushFolder, writeDurably } from './store/linkNewFile.ts';

/** Where bundles are kept. */
export interface BundleFolder {
  /** Keeps the files. Resolves to their hash. Files that are kept already are not written again. */
  save(files: readonly BundleFile[]): Promise<string>;
  /** The folder of a bundle, after its files were compared with its hash. Rejects with `environment` when it is gone, `corrupt` when it was changed. */
  open(hash: string): Promise<string>;
  /** Deletes a bundle. */
  delete(hash: string): Promise<void>;
  /** The hashes of all bundles that are kept. */
  list(): Promise<readonly string[]>;
}

/** Milliseconds; a process that writes for a day is no more. */
const staleAfter = 86_400_000;

/** The bundles in a folder, which is made when the first one is kept. */
export function bundleFolder(folder: string, clock: Pick<Clock, 'id' | 'now'>): BundleFolder {
  const placeOf = (hash: string) => join(folder, hash);

  async function verify(hash: string): Promise<string> {
    const place = placeOf(hash);
    if (!(await stat(place).catch(() => undefined))?.isDirectory())
      throw new TroupeError(
        'environment',
        `The code of this version is gone: there is no folder ${place}. Deploy the file again, or restore the folder from a backup.`,
        { data: { gone: true, bundle: hash } },
      );
    if (bundleHash(await filesOf(place)) === hash) return place;
    throw new TroupeError(
      'corrupt',
      `The code of this version is damaged: the files in ${place} are not those that were deployed. Restore them from a backup, or deploy the file again as a new version.`,
      { data: { bundle: hash } },
    );
  }

  return {
    async save(files) {
      const hash = bundleHash(files);
      const isKept = await verify(hash).then(
        () => true,
        () => false,
      );
      if (isKept) return hash;
      await forgetUnfinished(folder, clock.now() - staleAfter);
      await write(files, placeOf(hash), clock.id(), () => verify(hash));
      return hash;
    },
    open: verify,
    delete: (hash) => rm(placeOf(hash), { recursive: true, force: true }),
    list: async () => (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name)),
  };
}

/** Deletes what processes have left that were killed while they wrote. */
async function forgetUnfinished(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.unfinished'))) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: before }));
    if (mtimeMs < before) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Written beside its place, and then put there as a whole. */
async function write(
  files: readonly BundleFile[],
  place: string,
  unique: string,
  verify: () => Promise<unknown>,
): Promise<void> {
  const folder = dirname(place);
  const unfinished = join(folder, `.${unique}.unfinished`);
  try {
    for (const { path, bytes } of files) {
      const file = join(unfinished, path);
      await mkdir(dirname(file), { recursive: true });
      // Nobody edits them by mistake.
      await writeDurably(file, bytes, 0o444);
    }
    await put(unfinished, place, verify);
    await flushFolder(folder);
  } catch (thrown) {
    throw new TroupeError('storage', `The code cannot be kept in ${folder}: ${reasonOf(thrown)}.`, { cause: thrown });
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {}); // It is never read.
  }
}

/** Another process may have put the same files there meanwhile, which are kept; damaged ones are replaced. */
async function put(from: string, to: string, verify: () => Promise<unknown>): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(String(propertiesOf(thrown)['code']))) throw thrown;
    const isKept = await verify().then(
      () => true,
      () => false,
    );
    if (isKept) return;
    const damaged = `${from}.damaged`;
    await rename(to, damaged);
    await rename(from, to);
    await rm(damaged, { recursive: true, force: true });
  }
}

/** All files below, without those whose name begins with a dot: caches and what systems put into folders. */
async function filesOf(folder: string): Promise<BundleFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    );
  return Promise.all(
    paths
      .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
      .map(async (path) => ({ path, bytes: await readFile(join(folder, path)) })),
  );
}
