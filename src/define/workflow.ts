/** A workflow that can be run: its definition, and how it starts and is compiled. What it is compiled with is loaded with its files, so that programs without workflows do not load it. */
import type { ModelGateway } from '../../actors/tools.ts';
import type { WorkflowDefinition } from '../contracts/workflow/definition.ts';
import type { Clock } from '../values/clock.ts';
import type { Json } from '../values/json.ts';
import type { Compiled } from './member.ts';

/** What a workflow is compiled with. */
export interface WorkflowCompileContext {
  /** Answers requests to models, for projects without a gateway file. */
  readonly gateway: ModelGateway;
  /** Time, randomness and ids. */
  readonly clock: Clock;
  /** What was opened is added here; the runtime closes it. */
  readonly opened: AsyncDisposable[];
}

/** A workflow; `workflow(file)` makes it. */
export interface Workflow {
  readonly kind: 'workflow';
  /** The name of its file without `.workflow.yaml`. */
  readonly name: string;
  /** Its steps, and what holds for all of them. */
  readonly definition: WorkflowDefinition;
  /** What its actor starts with, for these parameters. Throws `invalid` when they do not fit `params.schema`. */
  start(params: unknown): Json;
  /** Compiles it. */
  compile(context: WorkflowCompileContext): Compiled;
}
