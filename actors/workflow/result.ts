/** How a workflow ends: its result from the outputs of its steps, or the step that failed it. */
import type { WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import { noMetrics, usedMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { StepEnd, StepRecord } from '../../src/contracts/workflow/step.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { toFailure, TroupeError, type Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { judge } from '../../src/workflow/airlock/judge.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import type { WorkflowEnd } from '../../machines/workflow/effectTypes.ts';
import { rulesOf, type AsStep } from './rules.ts';

/** The end of a workflow whose steps have all ended. What was used is added where it is known. */
export function endOf(
  definition: WorkflowDefinition,
  asStep: AsStep,
  values: WorkflowValues,
  records: ReadonlyMap<string, StepRecord>,
): WorkflowEnd {
  try {
    const raw = resultOf(definition, values, records);
    const end = judge(raw, rulesOf(asStep ?? {}, [definition.output.schema]));
    return asStep ? { output: outputOfEnd(end), step: end } : { output: outputOfEnd(end) };
  } catch (thrown) {
    const failure = toFailure(thrown);
    return failedWith({ status: 'failed', code: 'output_failed', failure, metrics: noMetrics });
  }
}

/** The result: the fields of `output.map`, the output of the step of `output.from`, or that of the last step that completed. */
function resultOf(
  { output: { map, from }, steps, name }: WorkflowDefinition,
  values: WorkflowValues,
  records: ReadonlyMap<string, StepRecord>,
): Json {
  if (map) {
    const { value, sealed } = resolveTemplates(map, values, 'output');
    if (sealed.length === 0) return value;
    throw new TroupeError('denied', `output.map of the workflow "${name}" would show a secret. Take it out.`);
  }
  const completed = from === undefined ? steps.toReversed() : steps.filter(({ id }) => id === from);
  for (const { id } of completed) {
    const end = records.get(id)?.end;
    if (end?.status === 'complete') return end.output;
  }
  return {};
}

function outputOfEnd(end: StepEnd): WorkflowEnd['output'] {
  const metrics = usedMetrics(end);
  if (end.status === 'failed') return { status: 'failed', code: end.code, failure: end.failure, metrics };
  return { status: 'complete', result: end.output, metrics };
}

/** The end of a workflow that a step has failed. */
export function failedEndOf({ id, end }: StepRecord): WorkflowEnd {
  const { code, failure } = end.status === 'failed' ? end : { code: 'internal', failure: unknownFailure };
  return {
    output: { status: 'failed', step: id, code, failure, metrics: noMetrics },
    step: {
      status: 'failed',
      code,
      failure: { ...failure, message: `Step "${id}" of the sub-workflow: ${failure.message}` },
      metrics: noMetrics,
    },
  };
}

/** The end of a workflow that failed for a reason of its own. */
export const failedWorkflow = (code: string, failure: Failure): WorkflowEnd =>
  failedWith({ status: 'failed', code, failure, metrics: noMetrics });

const failedWith = (end: Extract<WorkflowEnd['output'], { status: 'failed' }>): WorkflowEnd => ({
  output: end,
  step: end,
});
const unknownFailure: Failure = { kind: 'internal', message: 'A step failed without a reason.', retryable: false };
