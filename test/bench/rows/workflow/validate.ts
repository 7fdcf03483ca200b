/** Validating a project of many files, in a new process, against only parsing them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row, Scope, Timed } from '../../row.ts';
import { writeProject } from './project.ts';

/** A project of so many files: half are workflows of ten agent steps, half are agents. At most so many milliseconds. */
export function workflowValidation(files: number, atMost: number): Row {
  return {
    name: `workflow-validate-${files}`,
    title: `validating a project of ${files} workflow files, in a new process`,
    unit: 'file',
    units: files,
    columns: [
      { figure: 'rate', goals: [{ of: 'troupe', atLeast: files / (atMost / 1_000) }] },
      { figure: 'busy' },
      { figure: 'pause', goals: [{ of: 'troupe', atMost: 20 }] },
    ],
    fresh: true,
    contestants: [
      { name: 'the package yaml alone', open: (scope) => parsed(scope, files) },
      { name: 'troupe', ours: true, open: (scope) => validated(scope, files) },
    ],
  };
}

const agentPath = (nth: number) => `agents/a${nth}.agent.yaml`;
const workflowPath = (nth: number) => `workflows/w${nth}.workflow.yaml`;
const textSchema = (name: string) => ({
  schema: { type: 'object', required: [name], properties: { [name]: { type: 'string' } } },
});

function filesOf(count: number): Record<string, unknown> {
  const half = Math.ceil(count / 2);
  const files: Record<string, unknown> = {};
  for (let nth = 0; nth < half; nth++) {
    files[agentPath(nth)] = {
      name: `a${nth}`,
      model: 'standard',
      params: textSchema('topic'),
      prompt: { system: 'Write one short text.', user: 'About {{ params.topic }}.' },
      output: textSchema('text'),
    };
    files[workflowPath(nth)] = {
      kind: 'workflow',
      name: `w${nth}`,
      params: textSchema('topic'),
      pipeline: Array.from({ length: 10 }, (_, step) => ({
        id: `s${step}`,
        agent: agentPath((nth + step) % half),
        params: { topic: step === 0 ? '{{ params.topic }}' : `{{ step.s${step - 1}.text }}` },
        condition: step === 0 ? 'params.topic' : `step.s${step - 1}.text != 'nothing'`,
      })),
    };
  }
  return files;
}

async function parsed(scope: Scope, count: number) {
  const files = filesOf(count);
  const project = writeProject(scope, files);
  return (timed: Timed) =>
    timed(async () => {
      const { parseDocument } = await import('yaml');
      for (const path of Object.keys(files)) {
        parseDocument(readFileSync(join(project, path), 'utf8'));
        await new Promise((turn) => setImmediate(turn));
      }
    });
}

async function validated(scope: Scope, count: number) {
  const project = writeProject(scope, filesOf(count));
  const { loadProject } = await scope.load('src/workflow/files/project/project');
  const { validateProject } = await scope.load('src/workflow/files/report/validate');
  return (timed: Timed) =>
    timed(async () => {
      const report = await validateProject(await loadProject({ projectDir: project, env: {} }));
      const text = JSON.stringify(report);
      if (!text.includes('w0.workflow.yaml')) throw new Error(`No file was checked: ${text.slice(0, 300)}`);
    });
}
