/** Makes up tasks for an orchestrator, and tells whether all of them were answered. */
import { answersTogether, type RoutingStrategy } from '../../../machines/router/settings.ts';
import { RouterOutput } from '../../contracts/orchestration.ts';
import { type TaskSpec } from '../../contracts/task.ts';
import { messagesTaken, type AnyWorker } from '../../define/memberProfile.ts';
import type { Member } from '../../define/member.ts';
import type { AnyOrchestrator } from '../../define/runnable.ts';
import { bodiesFor } from './contract.ts';
import { knownJson } from '../jsonValues.ts';
import type { CheckSettings } from './options.ts';
import type { StepProblem } from './worldStep.ts';
import type { ModelWorld } from './world.ts';

/**
 * Two tasks, so that one may be under way while the other one waits: one that the router can assign, and one that it may have to refuse.
 * Where every member gets every task, one is enough.
 */
export function tasksFor(orchestrator: AnyOrchestrator, settings: CheckSettings): TaskSpec[] {
  const { members, router } = orchestrator;
  const [first, ...others] = members;
  if (!first) return [];
  const chosen = answersTogether(router.strategy) ? [first] : [first, others.at(-1) ?? first];
  return chosen.map(({ id, agent, role }, nth) => {
    const metadata = metadataFor(router.strategy, role, nth);
    return {
      // What the type of a member leaves open was checked when the orchestrator was defined.
      input: messageFor(agent as AnyWorker, settings),
      ...(router.strategy.kind === 'direct' ? { agentId: id } : {}),
      ...(metadata ? { metadata } : {}),
    };
  });
}

/** What the router's strategy reads from a task. */
function metadataFor(strategy: RoutingStrategy, role: string | undefined, nth: number): TaskSpec['metadata'] {
  if (strategy.kind === 'role') return nth === 0 && role !== undefined ? { [strategy.key]: role } : {};
  return strategy.kind === 'sticky' ? { [strategy.key]: nth } : undefined;
}

/** A text, or the first message that the member handles. */
function messageFor(worker: AnyWorker, settings: CheckSettings): TaskSpec['input'] {
  const [type] = messagesTaken(worker);
  // Of a guarded member the type does not say that it speaks what is guarded.
  const { protocol } = worker as Member;
  if (type === 'task' || type === undefined || !protocol) return 'Do it.';
  return { type, body: knownJson(bodiesFor(protocol, type, settings)[0]) };
}

/** The problem that tasks were not answered: every task must have one result, in their order; after a failed stage of a pipeline only those before it. */
export function unansweredTasks({ ended }: ModelWorld): StepProblem | undefined {
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
