/** Copies the project of a workflow: its folder, without what belongs to a machine or a person and not to the workflow. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { TroupeError } from '../../values/failure.ts';
import type { BundleFile, PinnedCode } from '../bundle.ts';

const most = { files: 2_000, bytes: 32 * 1024 * 1024 };
/** Packages, values of variables, and journals. */
const leftOut = /^node_modules$|\.env\.ya?ml$|\.db(?:-(?:wal|shm|journal))?$/;

/** The files of the project. Rejects with `definition` when the workflow is outside of it, or there are more than 2,000 files or 32 MB. */
export async function copyProject(file: string, projectDir: string): Promise<PinnedCode> {
  const entry = pathIn(projectDir, file);
  if (entry.startsWith('../'))
    throw new TroupeError(
      'definition',
      `The workflow ${file} is not in the folder of its project, ${projectDir}: what is outside cannot be kept with it.`,
    );
  const files: BundleFile[] = [];
  let bytes = 0;
  const copy = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const each of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (each.name.startsWith('.') || leftOut.test(each.name)) continue;
      const path = join(folder, each.name);
      if (each.isDirectory()) await copy(path);
      else if ((await stat(path).catch(() => undefined))?.isFile()) {
        const content = await readFile(path);
        bytes += content.byteLength;
        files.push({ path: pathIn(projectDir, path), bytes: content });
        requireSize(projectDir, files.length, bytes);
      }
    }
  };
  await copy(projectDir);
  return { files, entry, warnings: [] };
}

function requireSize(projectDir: string, count: number, bytes: number): void {
  if (count <= most.files && bytes <= most.bytes) return;
  throw new TroupeError(
    'definition',
    `The project ${projectDir} has more than ${most.files} files or ${most.bytes / 1024 / 1024} MB. Give the workflow a project folder of its own, with a gateway.yaml or a folder agents in it.`,
  );
}

const pathIn = (folder: string, path: string): string => relative(folder, path).split(sep).join('/');
