/** Runs a definition to its end in this process, and gives its result. */
import type { InputPart } from '../contracts/media.ts';
import type { ExecutionMode } from '../contracts/executionMode.ts';
import type { TaskSpec } from '../contracts/task.ts';
import type { PipelineResult, TaskResult } from '../contracts/taskResult.ts';
import type { Orchestrator } from '../define/orchestratorDefinition.ts';
import type { Runnable } from '../define/runnable.ts';
import { runIn, runtimePartOf, type RunOptions } from './runIn.ts';
import type { InputFor, InputParts, OutputFor } from './runTypes.ts';
import { openRuntime } from './runtime.ts';
import { stream } from './stream.ts';

/**
 * Runs an agent, a team, an orchestrator or a machine, and gives its result. Rejects with the TroupeError that ended it.
 * With a `key` the run is durable: after the process has died, the same call continues it.
 * @example const article = await run(newsroom, { topic: 'actors' }, { key: 'job-42' });
 */
export function run<Mode extends ExecutionMode, Own extends ExecutionMode = Mode>(
  subject: Orchestrator<Mode>,
  input: {
    /** The tasks, each a text or with options. */
    readonly tasks: readonly (TaskSpec | string)[];
    /** Images, audio and files that each task is given; none by default. */
    readonly parts?: readonly InputPart[];
    /** How many are worked on at once; the mode of the orchestrator by default. */
    readonly mode?: Own;
  },
  options?: RunOptions,
): Promise<Own extends 'pipeline' ? PipelineResult : TaskResult[]>;
export function run(
  subject: Orchestrator,
  input: string | TaskSpec | InputParts,
  options?: RunOptions,
): Promise<TaskResult>;
export function run<S extends Runnable>(subject: S, input: InputFor<S>, options?: RunOptions): Promise<OutputFor<S>>;
export async function run<S extends Runnable>(
  subject: S,
  input: InputFor<S>,
  options: RunOptions = {},
): Promise<OutputFor<S>> {
  await using runtime = await openRuntime(runtimePartOf('run', options));
  return await runIn(runtime, subject, input, options);
}

run.stream = stream;
