/** Workflow projects that rows measure: the files, and a loaded workflow. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Model } from '../../../../src/contracts/model.ts';
import type { packaged } from '../../modules.ts';
import type { Scope } from '../../row.ts';

/** Where a workflow comes from, and what runs it. */
type FrontDoor = Awaited<ReturnType<typeof packaged>>;

/** The files of a project by their paths; JSON is YAML. */
export type ProjectFiles = Readonly<Record<string, unknown>>;

/** Writes a project; gives its folder. */
export function writeProject({ folder }: Pick<Scope, 'folder'>, files: ProjectFiles): string {
  const project = join(folder, 'project');
  for (const [path, content] of Object.entries(files)) {
    const file = join(project, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(content, undefined, 2));
  }
  return project;
}

/** Writes the project and loads its workflow `bench`, by the front door of the build by default. With `model`, that one answers all its agents. */
export async function benchWorkflow(scope: Scope, files: ProjectFiles, model?: Model, door?: FrontDoor) {
  const { workflow } = door ?? (await scope.load('src/index'));
  const project = writeProject(scope, files);
  const loaded = await workflow(join(project, 'workflows/bench.workflow.yaml'), { projectDir: project });
  if (!model) return loaded;
  return {
    ...loaded,
    compile: (context: Parameters<typeof loaded.compile>[0]) =>
      loaded.compile({
        ...context,
        gateway: { answer: (_choice, ...asked) => context.gateway.answer(model, ...asked) },
      }),
  };
}

/** A transform that changes nothing. */
export const noOp = (from: string) => ({ transform: { inputs: [{ from }], ops: [] } });
