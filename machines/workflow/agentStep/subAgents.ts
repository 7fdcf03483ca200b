/** What a sub-agent is given by the step that calls it, and what its end is for the model of that step. */
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import type { ToolOutcome } from '../../agent/effectTypes.ts';
import { childFailure, isChildError, type ChildEndEvent } from '../../childEvents.ts';
import { makeFailure } from '../../failure.ts';
import { failedStep, stepEndOf } from '../stepEnds.ts';
import { spentBy, type AgentStepContext, type RunningStepCall } from './context.ts';
import type { SubAgentBriefing, SubAgentCall } from './effectTypes.ts';

/** So many sub-agents of a step work at once. */
const mostAtOnce = 8;

/** The calls that begin together, with equal shares of what is left of the step's budget: together they cannot spend more. */
export function briefingFor(context: AgentStepContext): SubAgentBriefing {
  const calls = nextAgentCalls(context).map(({ id, name, input }) => ({ id, name, input }));
  const { budgetUsd } = context;
  if (budgetUsd === undefined) return { calls };
  return { calls, budgetUsd: Math.max(0, budgetUsd - spentBy(context)) / Math.max(1, calls.length) };
}

/** The calls of sub-agents that are next. */
export function nextAgentCalls({ queue }: AgentStepContext): readonly SubAgentCall[] {
  const next: SubAgentCall[] = [];
  for (const call of queue.slice(0, mostAtOnce)) {
    if (call.how !== 'agent') break;
    next.push(call);
  }
  return next;
}

/** How the work of a sub-agent ended, when the event is its end. */
export const subAgentEnd = (event: ChildEndEvent): StepEnd =>
  isChildError(event) ? failedStep(childFailure(event), 'failed') : stepEndOf('agent', event);

/** Its output without the reserved ones, or why there is none. A failure is one of a tool, whatever it was: the model is shown it and goes on. */
export function subAgentOutcome({ name }: Pick<RunningStepCall, 'name'>, end: StepEnd): ToolOutcome {
  if (end.status !== 'failed') return { ok: true, content: JSON.stringify(end.output) };
  const message = `"${name}" could not do it: ${end.code}: ${end.failure.message}`;
  const failure = makeFailure('tool', message, { tool: name, failed: end.failure.kind, code: end.code, isError: true });
  return { ok: false, content: message, failure };
}
