/** Takes tasks in: all of them into the list `tasks`, and as many into the queue as are read ahead. */
import type { Task } from '../../src/contracts/task.ts';
import type { Work } from '../../src/contracts/work.ts';
import { lookahead, type SubmittedTask, type QueuedTask } from './context.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { asJson } from '../../src/values/json.ts';
import { maxNestingDepth, tooDeepFailure } from '../member.ts';
import { deadlineTimerId, type RouterDraft } from './draft.ts';
import { refuseTask } from './finish.ts';

export function submitTasks(draft: RouterDraft, tasks: readonly Task[]): void {
  const { context, actions, eventContext } = draft;
  for (const task of tasks) {
    const id = task.id ?? `task-${context.submitted + 1}`;
    const submitted: SubmittedTask = { task: { ...task, id }, since: eventContext.at };
    const isNext = context.loaded === context.submitted && context.queue.length < lookahead(context);
    actions.append('tasks', asJson(submitted));
    if (isNext) enqueueTask(draft, { ...submitted, seq: context.submitted });
    context.submitted += 1;
  }
}

/** Takes tasks that were read back from the list. */
export function loadTasks(draft: RouterDraft, submitted: readonly SubmittedTask[]): void {
  for (const each of submitted) enqueueTask(draft, { ...each, seq: draft.context.loaded });
}

function enqueueTask(draft: RouterDraft, entry: QueuedTask): void {
  const { context, actions, eventContext } = draft;
  const { seq, task } = entry;
  context.loaded += 1;
  context.due = true;
  if (context.halt) return refuseTask(draft, entry, context.halt.failure);
  context.queue = [...context.queue, entry];
  if (task.deadline !== undefined)
    actions.startTimer(deadlineTimerId(seq), { type: 'task.due', seq }, Math.max(0, task.deadline - eventContext.at));
}

/** Takes work from the parent. It goes into no list: the parent keeps it until it is answered, and bounds how much there is. */
export function takeWork(
  draft: RouterDraft,
  { id, to, message, allowance, facts: given, depth, lease, degrade }: Work,
): void {
  const { task, timeout, steps, metadata } = given;
  const { type, body, parts } = message;
  const { context, eventContext, settings } = draft;
  const deadline = soonest(given.deadline, context.serves ? settings.deadline : undefined, eventContext.at);
  const seq = context.submitted;
  context.submitted += 1;
  const entry: QueuedTask = {
    seq,
    since: eventContext.at,
    work: id,
    ...(allowance === undefined ? {} : { allowance }),
    ...(depth === undefined ? {} : { depth }),
    ...(lease === undefined ? {} : { lease }),
    ...(degrade ? { degrade } : {}),
    task: {
      id: task ?? id,
      input: type === 'task' && typeof body === 'string' ? body : { type, body },
      ...partsIn(parts),
      ...(to === undefined ? {} : { agentId: to }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(steps === undefined ? {} : { maxSteps: steps }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
  if (depth !== undefined && depth >= maxNestingDepth) {
    context.loaded += 1;
    return refuseTask(draft, entry, tooDeepFailure(depth + 1));
  }
  enqueueTask(draft, entry);
}

/** The deadline of the task, or the end of the time that each task may take here, whichever is sooner. */
function soonest(deadline: number | undefined, time: number | undefined, at: number): number | undefined {
  return time === undefined ? deadline : Math.min(deadline ?? Infinity, at + time);
}
