/** Tells when workflow files in a folder were changed. */
import { watch, type FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../values/cause.ts';
import type { Clock } from '../values/clock.ts';
import { propertiesOf } from '../values/properties.ts';

/** Milliseconds after a change in which further changes count as the same: an editor saves in several steps. */
const settling = 100;

/** What is told. */
export interface FolderWatch {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called after each change of a YAML file in the folder or in one below it. */
  readonly changed: () => void;
  /** The folder cannot be watched any longer. */
  readonly failed: (message: string) => void;
}

/**
 * Watches a folder. Each folder below has a watcher of its own: a watcher of a file ends when an editor replaces the file.
 * Resolves when all of them are watched.
 */
export async function watchFolder(dir: string, { clock, signal, changed, failed }: FolderWatch): Promise<void> {
  const watchers = new Map<string, FSWatcher>();
  let pending: Disposable | undefined;
  const refuse = (thrown: unknown) => {
    if (!signal.aborted) failed(`${dir} cannot be watched: ${errorMessage(thrown)}.`);
  };
  const noteChange = (name: string | null) => {
    // A name without an ending may be a new folder.
    if (name !== null && !/\.ya?ml$|^[^.]+$/.test(name)) return;
    pending?.[Symbol.dispose]();
    pending = clock.wake(clock.now() + settling, () => void rescan().then(changed).catch(refuse));
  };
  /** Undefined for a folder below that has gone since it was listed. */
  function watcherOf(folder: string): FSWatcher | undefined {
    try {
      return watch(folder, (_, name) => noteChange(name));
    } catch (thrown) {
      if (folder !== dir && propertiesOf(thrown)['code'] === 'ENOENT') return undefined;
      throw thrown;
    }
  }
  async function rescan(): Promise<void> {
    for (const folder of await foldersIn(dir)) {
      if (watchers.has(folder) || signal.aborted) continue;
      const watcher = watcherOf(folder);
      if (!watcher) continue;
      const forget = () => void watchers.delete(folder);
      watchers.set(
        folder,
        watcher.on('close', forget).on('error', () => watcher.close()),
      );
    }
  }
  signal.addEventListener('abort', () => {
    pending?.[Symbol.dispose]();
    for (const watcher of watchers.values()) watcher.close();
  });
  await rescan().catch(refuse);
}

/** The folder and those below it, without packages and hidden ones. */
async function foldersIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const inner = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
  );
  // One that has gone meanwhile is none.
  const below = await Promise.all(inner.map(({ name }) => foldersIn(join(dir, name)).catch(() => [])));
  return [dir, ...below.flat()];
}
