/** Which file a process plays the shared journal into: each takes one that nobody has, so that the next start goes on where some process of this machine stopped. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toFailure } from '../contracts/failure.ts';
import { fileView } from './fileView.ts';
import type { View } from './view.ts';

/** So many processes of one folder have a file; more of them play into memory. */
const most = 8;

/** The first file in the folder that is free; memory where there is none, or the folder cannot be written. `name` says of which journal. */
export async function viewIn(folder: string, name: string): Promise<View> {
  const made = await mkdir(folder, { recursive: true }).then(
    () => true,
    () => false,
  );
  for (let slot = made ? 1 : most + 1; slot <= most; slot++) {
    const view = await openAt(join(folder, `view-${name}-${slot}.db`));
    if (view) return view;
  }
  return fileView(':memory:');
}

/** Undefined where another process has it, or it cannot be used. One that is damaged is made anew: the log has everything. */
async function openAt(path: string): Promise<View | undefined> {
  for (const isLast of [false, true]) {
    try {
      return await fileView(path);
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'corrupt' || isLast) return undefined;
      for (const end of ['', '-wal', '-shm', '-journal']) await rm(path + end, { force: true });
    }
  }
  return undefined;
}
