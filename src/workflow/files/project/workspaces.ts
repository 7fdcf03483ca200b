/** The folders whose files a project may use: its own, and extra workspaces after it. What lies outside of them is never read. */
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/** A folder with files of workflows. */
export interface Workspace {
  /** The absolute path of the folder, without symbolic links. */
  readonly dir: string;
  /** Where its workflows are. */
  readonly workflows: string;
}

/** A workspace in a folder; its workflows are in `workflows` by default. */
export async function openWorkspace(dir: string, workflows?: string): Promise<Workspace> {
  const real = await realPath(dir);
  return { dir: real, workflows: await realPath(workflows ?? resolve(real, 'workflows')) };
}

/** Whether a path lies in one of the workspaces. */
export const isInWorkspaces = (file: string, workspaces: readonly Workspace[]): boolean =>
  workspaces.some(({ dir, workflows }) => contains(dir, file) || contains(workflows, file));

/** The workspace that owns a file; the first one when none does. */
export const workspaceOf = (file: string, workspaces: readonly Workspace[]): Workspace | undefined =>
  workspaces.find(({ dir, workflows }) => contains(dir, file) || contains(workflows, file)) ?? workspaces[0];

/** Whether a folder contains a path. Both are absolute. */
export function contains(dir: string, path: string): boolean {
  const inner = relative(dir, path);
  return inner === '' || (inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner));
}

/** A path without symbolic links; as it is when nothing is there. */
export async function realPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    return absolute;
  }
}
