/** Pins the files of a project by their content, so that a change of any of them is seen. */
import { createHash } from 'node:crypto';
import { relative, sep } from 'node:path';
import * as z from 'zod';
import { parseDefinition } from '../../../values/explain.ts';
import type { FileProblem } from '../problem.ts';
import type { WorkflowProject } from '../project/project.ts';
import { readBytes } from '../project/readFiles.ts';
import { collectProject } from './validate.ts';

const lockSchema = z.object({
  version: z.literal(1),
  /** By the path from the project, with forward slashes. */
  files: z.record(z.string(), z.string()),
});

/** The hashes of all files that the workflows of a project use. */
export type WorkflowLock = z.infer<typeof lockSchema>;

/** The lock of a project as its files are now. Rejects when one cannot be read. */
export async function workflowLock(project: WorkflowProject): Promise<WorkflowLock> {
  const { workflows, agents, servers, manifests } = await collectProject(project);
  const shared = [project.gateway, project.environment].flatMap((file) => file ?? []);
  const paths = [
    ...workflows.keys(),
    ...agents.keys(),
    ...servers.keys(),
    ...[...manifests, ...shared].map(({ file }) => file),
  ];
  const files: Record<string, string> = {};
  for (const path of paths.sort())
    files[relative(project.dir, path).split(sep).join('/')] = `sha256:${createHash('sha256')
      .update(await readBytes(path))
      .digest('hex')}`;
  return { version: 1, files };
}

/** Reads the JSON of a lock. Throws `definition` for anything else. */
export const parseLock = (value: unknown): WorkflowLock => parseDefinition(lockSchema, value, 'The lock file');

/** What differs between a lock and the files as they are now. */
export async function lockProblems(project: WorkflowProject, lock: WorkflowLock): Promise<FileProblem[]> {
  const now = await workflowLock(project);
  const names = [...new Set([...Object.keys(lock.files), ...Object.keys(now.files)])].sort();
  return names.flatMap((name) => {
    const [before, after] = [lock.files[name], now.files[name]];
    if (before === after) return [];
    const message =
      before === undefined
        ? 'This file is not in the lock. Write the lock anew.'
        : after === undefined
          ? 'This file is in the lock, and no workflow uses it any more. Write the lock anew.'
          : 'This file was changed after the lock was written. Write the lock anew if that was meant.';
    return [{ file: `${project.dir}/${name}`, line: 1, column: 1, path: '', message, severity: 'error' as const }];
  });
}
