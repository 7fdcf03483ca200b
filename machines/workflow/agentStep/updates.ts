/** The changes that an agent step's actions make to its context, as pure functions. */
import type { FailedAttempts, Usage } from '../../../src/contracts/model.ts';
import { usedMetrics } from '../../../src/contracts/workflow/metrics.ts';
import type { StepEnd, StepMetrics } from '../../../src/contracts/workflow/step.ts';
import type { Failure } from '../../../src/values/failure.ts';
import { propertiesOf } from '../../../src/values/properties.ts';
import type { ToolOutcome } from '../../agent/effectTypes.ts';
import type { AgentStepContext, RunningStepCall } from './context.ts';
import type { StepAnswer, StepCall } from './effectTypes.ts';
import { addMetrics } from '../stepEnds.ts';
import { denialIn, gateFault, isServerFailure, serverFault } from './faults.ts';

type Change = Partial<AgentStepContext>;

const withUsage = (metrics: StepMetrics, { inputTokens, outputTokens, usd }: Usage): StepMetrics => ({
  ...metrics,
  // Some gateways count in fractions.
  tokens_in: metrics.tokens_in + Math.ceil(inputTokens),
  tokens_out: metrics.tokens_out + Math.ceil(outputTokens),
  // The price of a model that nobody knows counts as nothing.
  cost_usd: metrics.cost_usd + (usd ?? 0),
});

/** Charges an answer, and the attempts at it that failed. */
export function chargedAnswer(metrics: StepMetrics, answer: StepAnswer, about: 'task' | 'reflection'): StepMetrics {
  const { usage, failed, model } = answer;
  const charged = withUsage(failed ? withUsage(metrics, failed.usage) : metrics, usage);
  return {
    ...charged,
    llm_calls: charged.llm_calls + 1,
    ...(about === 'reflection' ? { reflect_calls: (charged.reflect_calls ?? 0) + 1 } : {}),
    model_resolved: charged.model_resolved ?? model.replace(':', '/'),
  };
}

/** Charges what attempts used that never became an answer: the gateway says it in the data of its failure. */
export function chargedFailure(metrics: StepMetrics, { data }: Failure): StepMetrics {
  const { usage } = propertiesOf(data) as Partial<FailedAttempts>;
  return usage === undefined ? metrics : withUsage(metrics, usage);
}

/** Whether a call can run beside others: it changes nothing, and nobody must agree to it. */
const isCompanion = (call: StepCall): boolean =>
  call.how === 'run' && call.gate === undefined && call.request.effect !== 'write';

/** The calls that begin now: the next one, or all reads in a row. */
export function nextBatch(queue: readonly StepCall[]): readonly StepCall[] {
  const others = queue.findIndex((call) => !isCompanion(call));
  return queue.slice(0, others === -1 ? queue.length : Math.max(1, others));
}

/** What a sub-agent has used is charged to its caller. */
export const chargedBelow = (below: StepMetrics | undefined, end: StepEnd): StepMetrics =>
  below ? addMetrics(below, end.metrics) : usedMetrics(end);

/** Whether a call was made: not one that a person did not allow, nor one whose arguments do not fit. */
const wasMade = (outcome: ToolOutcome): boolean =>
  denialIn(outcome) === undefined &&
  (outcome.ok || outcome.failure.kind !== 'invalid' || propertiesOf(outcome.failure.data).sent !== false);

/** What an ended call changes: it runs no more, and may decide the step. */
export function afterOutcome(context: AgentStepContext, call: RunningStepCall, outcome: ToolOutcome): Change {
  const decided =
    context.fault ??
    gateFault(call, outcome) ??
    (isServerFailure(outcome) ? serverFault(call.name, outcome) : undefined);
  return {
    running: context.running.filter(({ slot }) => slot !== call.slot),
    metrics: wasMade(outcome) ? { ...context.metrics, tool_calls: context.metrics.tool_calls + 1 } : context.metrics,
    ...(decided ? { fault: decided } : {}),
    ...(isDecidedByPerson(call, outcome) ? { turns: 0 } : {}),
  };
}

/** A person's decision is news, with which the agent has all its turns again. That nobody decided is none: calls that are asked for in vain come to an end. */
const isDecidedByPerson = ({ gate }: RunningStepCall, outcome: ToolOutcome): boolean =>
  gate !== undefined && denialIn(outcome) !== 'expired';
