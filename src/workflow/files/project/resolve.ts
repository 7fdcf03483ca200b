/** The one resolver of references between workflow files, for running, checking and showing them. */
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isInWorkspaces, workspaceOf, realPath, type Workspace } from './workspaces.ts';

/** Where a reference leads, or why it leads nowhere. */
export type Resolution = { readonly file: string } | { readonly problem: string };

/**
 * The file that a reference means. `@version` at its end is cut off. A path is looked for beside the file that refers to it, then in the folder of its
 * workspace, then in the other workspaces in their order. `from` is the absolute path of the file that refers.
 */
export async function resolveFile(
  reference: string,
  from: string,
  workspaces: readonly Workspace[],
): Promise<Resolution> {
  if (reference.length > 1_000 || reference.includes('\0')) return { problem: 'This is not the path of a file.' };
  const path = withoutVersion(reference);
  if (isHubReference(path))
    return {
      problem: `"${reference}" names a package of a hub, and such packages are not fetched. Copy its files into the project and write their path.`,
    };
  let outside = false;
  for (const candidate of candidates(path, from, workspaces)) {
    const file = await realPath(candidate);
    const there = await isFile(file);
    if (there && isInWorkspaces(file, workspaces)) return { file };
    outside ||= there || !isInWorkspaces(resolve(candidate), workspaces);
  }
  return {
    problem: outside
      ? `"${reference}" lies outside of the project. Only files of the project and its workspaces are read.`
      : `There is no file "${path}" beside this file, nor in the folder of the project.`,
  };
}

/** A reference without `@version`, which is cut at the last `@`. */
export function withoutVersion(reference: string): string {
  const at = reference.lastIndexOf('@');
  return at > reference.lastIndexOf('/') && at > 0 ? reference.slice(0, at) : reference;
}

const isHubReference = (path: string) => /^[\w-]+\/[\w.-]+$/.test(path) && !/\.ya?ml$/.test(path);

function candidates(path: string, from: string, workspaces: readonly Workspace[]): string[] {
  const own = workspaceOf(from, workspaces);
  const others = workspaces.filter((workspace) => workspace !== own);
  const roots = [...(own ? [own] : []), ...others].map(({ dir }) => join(dir, path));
  return isAbsolute(path) ? [path, ...roots] : [resolve(dirname(from), path), ...roots];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
