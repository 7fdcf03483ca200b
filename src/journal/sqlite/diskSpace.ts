/** Is there room for the journal's file? A full disk is seen in no other way by a process that only reads. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Fewer bytes do not hold one page of the file and one of its write-ahead log. */
const leastBytes = 64 * 1024;

/** Why nothing more can be written beside this file; undefined when there is room, or when the system does not tell. */
export function diskTrouble(
  path: string,
  stat: (folder: string) => { readonly bavail: number; readonly bsize: number } = statfsSync,
): string | undefined {
  if (path === ':memory:') return undefined;
  const folder = dirname(path);
  try {
    const { bavail, bsize } = stat(folder);
    if (bavail * bsize >= leastBytes) return undefined;
  } catch {
    return undefined;
  }
  return `no space: the disk of ${folder} is full`;
}
