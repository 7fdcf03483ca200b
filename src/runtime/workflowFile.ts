/** `workflow()`: a workflow in YAML as something that `run` takes. What it needs is loaded when it is called, so that other programs do not load it. */
import type { Workflow } from '../define/workflow.ts';
import type { WorkflowOptions } from './workflow.ts';

/**
 * Loads a workflow. Rejects with `definition` and everything that is wrong in its files, each with file, line and column, and with `environment` when a package is not installed.
 * @example run(await workflow('workflows/news.workflow.yaml'), { topic: 'actors' })
 */
export const workflow = async (file: string, options: WorkflowOptions = {}): Promise<Workflow> =>
  (await import('./workflow.ts')).loadedWorkflow(file, options);
