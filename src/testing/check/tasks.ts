/** Tasks for an orchestrator that a check made up, and whether all of them were answered. */
import { answersTogether, type Strategy } from '../../../machines/router/settings.ts';
import { RouterOutput, type TaskSpec } from '../../contracts/task.ts';
import { takenBy, type Worker } from '../../seats.ts';
import type { AnyOrchestrator } from '../../subject.ts';
import { bodiesFor } from './contract.ts';
import type { Settings } from './options.ts';
import type { Problem } from './turn.ts';
import type { World } from './world.ts';

/**
 * Two, so that one may be under way while the other one waits: such as the router can give to somebody, and one that it may have to refuse.
 * Where all members have a task they are under way side by side with one.
 */
export function tasksFor(orchestrator: AnyOrchestrator, settings: Settings): TaskSpec[] {
  const { members, router } = orchestrator;
  const [first, ...others] = members;
  const chosen = answersTogether(router.strategy) ? [first!] : [first!, others.at(-1) ?? first!];
  return chosen.map(({ id, agent, role }, nth) => {
    const metadata = wordsFor(router.strategy, role, nth);
    return {
      input: messageFor(agent as Worker, settings),
      ...(router.strategy.kind === 'direct' ? { agentId: id } : {}),
      ...(metadata ? { metadata } : {}),
    };
  });
}

function wordsFor(strategy: Strategy, role: string | undefined, nth: number): TaskSpec['metadata'] {
  if (strategy.kind === 'role') return nth === 0 && role !== undefined ? { [strategy.key]: role } : {};
  return strategy.kind === 'sticky' ? { [strategy.key]: nth } : undefined;
}

/** A text, or the first message that it takes. */
function messageFor(worker: Worker, settings: Settings): TaskSpec['input'] {
  const [type] = takenBy(worker);
  const { protocol } = worker;
  if (type === 'task' || type === undefined || !protocol) return 'Do it.';
  return { type, body: bodiesFor(protocol as never, type, settings)[0] as never };
}

/** Every task has one result, in the order they came; after a stage that failed, those before it. */
export function unanswered({ ended }: World): Problem | undefined {
  const output = ended && 'output' in ended ? RouterOutput.safeParse(ended.output).data : undefined;
  if (!output || output.shape === 'one') return undefined;
  const ids = output.results.map(({ taskId }) => taskId);
  const isBroken = output.shape === 'pipeline' && output.results.some(({ success }) => !success);
  const wanted = ids.map((_, index) => `task-${index + 1}`);
  if (ids.join() === wanted.join() && (isBroken || ids.length >= output.budget.dispatchedTasks)) return undefined;
  return {
    kind: 'unanswered',
    about: ids.join(),
    says: `It has ended, and answered ${ids.join(', ') || 'nobody'}: every task must have exactly one result.`,
  };
}
