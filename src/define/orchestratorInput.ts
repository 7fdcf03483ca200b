/** What a run of an orchestrator starts with: its tasks, checked against what its members take. */
import type { InputPart } from '../contracts/media.ts';
import { describeValue, describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { concurrencyOf, type ExecutionMode } from '../contracts/executionMode.ts';
import { type RouterInput } from '../contracts/orchestration.ts';
import { Task, type TaskSpec } from '../contracts/task.ts';
import type { Orchestrator } from './orchestratorDefinition.ts';
import { requireTaskBody } from './memberProfile.ts';

/** The input of an orchestrator: one task, as a text or with options, or several. */
export type OrchestratorInput =
  | string
  | TaskSpec
  | {
      /** Texts, images, audio and files that are one task. */
      readonly parts: readonly InputPart[];
    }
  | {
      /** The tasks, each a text or with options. */
      readonly tasks: readonly (TaskSpec | string)[];
      /** Images, audio and files that each task is given; none by default. */
      readonly parts?: readonly InputPart[];
      /** How many are worked on at once; the mode of the orchestrator by default. */
      readonly mode?: ExecutionMode;
      /** True when it goes on after the last result, and takes more tasks, until it is closed; false by default. */
      readonly standing?: boolean;
    };

/** The checked tasks of an input. Throws `invalid` or `definition`, and names the task that is wrong. */
export function orchestratorTasks(subject: Orchestrator, input: unknown): RouterInput {
  const { name, mode } = subject;
  if (typeof input === 'string' || (typeof input === 'object' && input !== null && 'input' in input))
    return { tasks: [taskOf(subject, input, 'The task', mode === 'pipeline')], shape: 'one' };
  if (!isBatch(input))
    throw new TroupeError(
      'invalid',
      `The orchestrator "${name}" takes { tasks: [ … ] }, one task or a text; got ${describeValue(input)}.`,
    );
  const given = input;
  if (given.mode !== undefined) concurrencyOf(given.mode);
  const isPipeline = (given.mode ?? mode) === 'pipeline';
  if (isPipeline && given.standing === true)
    throw new TroupeError(
      'invalid',
      `A pipeline ends with its last stage; "${name}" cannot stand in that mode. Choose another mode, or leave standing out.`,
    );
  const tasks = given.tasks.map((each: unknown, index) =>
    taskOf(subject, each, `Task ${index + 1}`, isPipeline && index > 0),
  );
  const ids = new Map<string, number>();
  for (const [index, { id = `task-${index + 1}` }] of tasks.entries()) {
    const before = ids.get(id);
    if (before !== undefined)
      throw new TroupeError(
        'invalid',
        `Tasks ${before + 1} and ${index + 1} for "${name}" have the same id "${id}". Give each its own.`,
      );
    ids.set(id, index);
  }
  return {
    tasks,
    shape: 'many',
    ...(given.mode === undefined ? {} : { mode: given.mode }),
    ...(given.standing === undefined ? {} : { standing: given.standing }),
  };
}

/** Only that it is a list is known here; every task of it is checked by its schema. */
const isBatch = (input: unknown): input is Extract<OrchestratorInput, { tasks: unknown }> =>
  typeof input === 'object' && input !== null && 'tasks' in input && Array.isArray(input.tasks);

function taskOf({ name, members }: Orchestrator, given: unknown, which: string, mayBeEmpty: boolean): Task {
  const spec = typeof given === 'string' ? { input: given } : given;
  const parsed = Task.safeParse(spec);
  if (!parsed.success)
    throw new TroupeError('invalid', `${which} for "${name}" cannot be used: ${describeMismatch(parsed.error, spec)}.`);
  const task = parsed.data;
  const { input } = task;
  const eligible = members.filter(({ id }) => task.agentId === undefined || id === task.agentId);
  if (typeof input === 'string') {
    if (input.trim() === '' && !mayBeEmpty)
      throw new TroupeError('invalid', `${which} for "${name}" has an empty text. Say what is to be done.`);
    // A stage of a pipeline gets the answer of the stage before it.
    if (!mayBeEmpty) requireTaskBody(eligible, 'task', input);
    return task;
  }
  if (input.body === undefined && mayBeEmpty) return task;
  // A schema leaves JSON.
  return { ...task, input: { type: input.type, body: requireTaskBody(eligible, input.type, input.body) as never } };
}
