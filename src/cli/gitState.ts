/** The commit that is checked out where a file is, and whether files differ from it. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';

/** Milliseconds; a repository that takes longer is not asked. */
const patience = 5_000;

/** Absent outside of a repository, and without git. */
export async function gitState(file: string): Promise<{ readonly commit?: string; readonly dirty?: boolean }> {
  const commit = (await git(dirname(file), 'rev-parse', '--verify', 'HEAD'))?.trim();
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return {};
  const changes = await git(dirname(file), 'status', '--porcelain');
  return { commit, ...(changes === undefined ? {} : { dirty: changes.trim() !== '' }) };
}

const git = (cwd: string, ...args: string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile('git', args, { cwd, timeout: patience, maxBuffer: 16 * 1024 * 1024, encoding: 'utf8' }, (error, out) =>
      resolve(error ? undefined : out),
    );
  });
