/** Projects that a test writes: files in a folder of their own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadProject, type ProjectOptions } from '../../../src/workflow/files/project/project.ts';
import { workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { validateProject } from '../../../src/workflow/files/report/validate.ts';

export type Files = Readonly<Record<string, string>>;

/** A folder with these files, removed when the test has finished. */
export function written(files: Files): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-files-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

export const project = (files: Files, options: Partial<ProjectOptions> = {}) =>
  loadProject({ projectDir: written(files), env: {}, ...options });

/** What is wrong with the workflow `w`, as `line:column severity message`. */
export async function problemsIn(files: Files, options: Partial<ProjectOptions> = {}): Promise<string[]> {
  const { problems } = await workflowNamed(await project(files, options), 'w');
  return problems.map(({ line, column, severity, message }) => `${line}:${column} ${severity} ${message}`);
}

/** What is wrong in a whole project, as `file:line severity message`. */
export async function everythingWrong(files: Files, options: Partial<ProjectOptions> = {}): Promise<string[]> {
  const report = await validateProject(await project(files, options));
  return report.files.flatMap(({ name, problems }) =>
    problems.map(({ line, severity, message }) => `${name}:${line} ${severity} ${message}`),
  );
}

/** A workflow with these steps. */
export const workflow = (steps: string, head = ''): string => `kind: workflow\n${head}pipeline:\n${steps}`;

/** An agent that is valid. `more` is added at its end. */
export const agent = (more = '', params = ''): string =>
  [
    'name: writer',
    'model: standard',
    ...(params === '' ? [] : [params]),
    'prompt: {system: You write.}',
    'output: {schema: {type: object, properties: {text: {type: string}}}}',
    more,
  ].join('\n');
