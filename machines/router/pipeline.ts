/** What a stage of a pipeline is given: what the stage before it answered, and its own task. */
import type { AgentAnswer } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { Task } from '../../src/contracts/task.ts';

const textOf = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output));

/** A message that was answered, without its type. */
const bodyOf = (output: Json): Json =>
  typeof output === 'object' && output !== null && 'type' in output && 'body' in output
    ? (output as { body: Json }).body
    : output;

/** `previous` is undefined for a task that follows nothing. */
export function messageOf({ input }: Task, previous: Json | undefined): AgentAnswer {
  if (typeof input !== 'string') return { type: input.type, body: (input.body ?? bodyOf(previous ?? null)) as never };
  if (previous === undefined) return { type: 'task', body: input };
  if (input.trim() === '') return { type: 'task', body: textOf(previous) };
  return { type: 'task', body: `Previous step output:\n${textOf(previous)}\n\n---\n\nCurrent task:\n${input}` };
}
