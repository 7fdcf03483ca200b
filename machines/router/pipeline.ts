/** The message of a stage of a pipeline: its own task, and the answer of the previous stage. */
import type { AgentAnswer } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/values/json.ts';
import type { Task } from '../../src/contracts/task.ts';
import type { MediaPart } from '../../src/contracts/media.ts';
import { distinctParts, partsIn } from '../../src/contracts/parts.ts';
import { asZodJson } from '../json.ts';

const textOf = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output));

/** The body of an answer that is a message; any other answer as it is. */
const bodyOf = (output: Json): Json =>
  typeof output === 'object' && output !== null && 'type' in output && 'body' in output ? output.body : output;

/** The message for a task. `previous` is undefined for the first stage, and outside of a pipeline. It has the parts of the task, and those of the previous answer. */
export function stageMessage(
  { input, parts }: Task,
  previous: Json | undefined,
  previousParts: readonly MediaPart[] = [],
): AgentAnswer {
  return { ...wordsOf(input, previous), ...partsIn(distinctParts(previousParts, parts)) };
}

function wordsOf(input: Task['input'], previous: Json | undefined): AgentAnswer {
  if (typeof input !== 'string') return { type: input.type, body: asZodJson(input.body ?? bodyOf(previous ?? null)) };
  if (previous === undefined) return { type: 'task', body: input };
  if (input.trim() === '') return { type: 'task', body: textOf(previous) };
  return { type: 'task', body: `Previous step output:\n${textOf(previous)}\n\n---\n\nCurrent task:\n${input}` };
}
