/** A folder of workflows that is watched while other programs make and delete folders in it. */
import fs, { mkdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { watchFolder } from '../../src/cli/watchFolder.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { workflowFolder } from './workflowCli.ts';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Every folder whose path ends so is gone when it is to be watched. */
function goneWhenWatched(ending: string): void {
  const { watch } = fs;
  const missing = Object.assign(new Error('ENOENT: no such file or directory, watch'), { code: 'ENOENT' });
  vi.spyOn(fs, 'watch').mockImplementation((path, listener) => {
    if (String(path).endsWith(ending)) throw missing;
    return watch(path, listener);
  });
  syncBuiltinESMExports();
}

test('a folder below that is deleted before it is watched ends nothing: the others are watched', async () => {
  const { dir } = workflowFolder({});
  for (const name of ['gone', 'kept']) mkdirSync(join(dir, name));
  goneWhenWatched('gone');
  using stop = stopping();
  const failed = vi.fn();
  await changeIn(dir, stop.signal, failed, () => writeFileSync(join(dir, 'kept', 'a.yaml'), 'a: 1'));
  expect(failed).not.toHaveBeenCalled();
});

test('the watched folder itself must be there', async () => {
  const { dir } = workflowFolder({});
  goneWhenWatched(dir);
  using stop = stopping();
  const failed = vi.fn();
  await watchFolder(dir, { clock: systemClock(), signal: stop.signal, changed: () => {}, failed });
  expect(failed).toHaveBeenCalledWith(`${dir} cannot be watched: ENOENT: no such file or directory, watch.`);
});

/** A signal that is aborted when the test ends. */
function stopping() {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}

/** Watches the folder, makes the change, and resolves when it was told. */
async function changeIn(dir: string, signal: AbortSignal, failed: (message: string) => void, change: () => void) {
  let told = () => {};
  const changed = new Promise<void>((resolve) => (told = resolve));
  await watchFolder(dir, { clock: systemClock(), signal, changed: told, failed });
  change();
  return changed;
}
