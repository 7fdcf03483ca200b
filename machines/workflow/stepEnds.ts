/** Reads how a step ended from the end of the child that did it. */
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { usedMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { StepEnd, StepMetrics } from '../../src/contracts/workflow/step.ts';
import type { Failure } from '../../src/values/failure.ts';
import { asZodJson } from '../json.ts';
import { childFailure, childOutput, isChildError, type ChildEndEvent } from '../childEvents.ts';
import { unansweredFailure } from '../wait.ts';
import type { StepStart, WorkflowEnd } from './effectTypes.ts';

/** How long a step took is known to whom has begun it. */
export const withDuration = (end: StepEnd, duration: number): StepEnd => ({
  ...end,
  metrics: { ...usedMetrics(end), duration_ms: Math.max(0, duration) },
});

/** A failed end; by default nothing was used. */
export const failedStep = (failure: Failure, code: string, metrics?: StepMetrics): StepEnd => ({
  status: 'failed',
  code,
  failure,
  ...(metrics ? { metrics } : {}),
});

/** The end of a step from that of its child. */
export function stepEndOf(kind: StepStart['kind'], event: ChildEndEvent): StepEnd {
  if (isChildError(event)) {
    const failure = childFailure(event);
    return failedStep(failure, failure.kind);
  }
  switch (kind) {
    case 'workflow':
      return subWorkflowEnd(childOutput<WorkflowEnd>(event));
    case 'wait':
      return waitEnd(childOutput<WaitOutput>(event));
    default:
      return childOutput<StepEnd>(event);
  }
}

function subWorkflowEnd({ output, step }: WorkflowEnd): StepEnd {
  if (step) return step;
  if (output.status === 'complete') return { status: 'complete', output: output.result, metrics: output.metrics };
  if (output.status === 'failed') return failedStep(output.failure, output.code, output.metrics);
  return failedStep(
    { kind: 'cancelled', message: `The sub-workflow was stopped: ${output.reason}`, retryable: false },
    'cancelled',
    output.metrics,
  );
}

function waitEnd(output: WaitOutput): StepEnd {
  const answer = output.status === 'aborted' ? undefined : output.answer;
  if (answer !== undefined) return { status: 'complete', output: asZodJson(answer) };
  return failedStep(unansweredFailure(output), output.status === 'aborted' ? 'withdrawn' : 'expired');
}

/** The sum of two metrics; `b` is undefined where nothing was used. */
export function addMetrics(a: StepMetrics, b: StepMetrics | undefined): StepMetrics {
  if (!b) return a;
  const reflections = (a.reflect_calls ?? 0) + (b.reflect_calls ?? 0);
  const model = a.model_resolved ?? b.model_resolved;
  return {
    duration_ms: a.duration_ms + b.duration_ms,
    tokens_in: a.tokens_in + b.tokens_in,
    tokens_out: a.tokens_out + b.tokens_out,
    cost_usd: a.cost_usd + b.cost_usd,
    llm_calls: a.llm_calls + b.llm_calls,
    tool_calls: a.tool_calls + b.tool_calls,
    ...(a.reflect_calls === undefined && b.reflect_calls === undefined ? {} : { reflect_calls: reflections }),
    ...(model === undefined ? {} : { model_resolved: model }),
  };
}
