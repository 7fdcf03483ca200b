/** `troupe workflow lock`: pins the files of a project by their content, or checks that they are still the same. */
import { join } from 'node:path';
import { problemText } from '../../../workflow/files/problem.ts';
import { lockProblems, parseLock, workflowLock } from '../../../workflow/files/report/lock.ts';
import type { Cli } from '../../cli.ts';
import { exitCodes, UsageError } from '../../exit.ts';
import { parseJson } from '../../input.ts';
import { writeMessage } from '../../output/write.ts';
import { saveFile } from '../../saveFile.ts';
import { readTextFile } from '../../textFile.ts';
import { openWholeProject, type ProjectPathOptions } from '../../workflowProject.ts';

/** The file in the folder of the project. */
const lockFile = 'workflows.lock.json';

/** Writes the lock; with `check` only compares it. Resolves to exit code 1 when the files differ from it. */
export async function lockCommand(
  cli: Cli,
  dir: string | undefined,
  { check, ...where }: ProjectPathOptions & { readonly check?: boolean },
): Promise<number> {
  const project = await openWholeProject(cli, dir, where);
  const path = join(project.dir, lockFile);
  if (check) {
    const text = await readTextFile(path, `There is no lock to check; write one with "troupe workflow lock". ${path}`);
    const problems = await lockProblems(project, parseLock(valueIn(text, path)));
    for (const problem of problems) cli.out.write(`${problemText(problem)}\n`);
    if (problems.length === 0) writeMessage(cli, `All files are as ${path} says.`);
    return problems.length === 0 ? exitCodes.done : exitCodes.failed;
  }
  const lock = await workflowLock(project);
  if (Object.keys(lock.files).length === 0)
    throw new UsageError(
      `There is nothing to lock in ${project.dir}: it has no workflows and no other files of a project.`,
    );
  await saveFile(path, Buffer.from(`${JSON.stringify(lock, null, 2)}\n`), { force: true });
  writeMessage(
    cli,
    `Wrote ${path}: ${Object.keys(lock.files).length} files. Check it with: troupe workflow lock --check`,
  );
  return exitCodes.done;
}

function valueIn(text: string, path: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new UsageError(`${path} is no JSON. Write it again with "troupe workflow lock".`, { cause });
  }
}
