/** Makes what HTTP shows of steps: from the records that a workflow keeps of those that have ended. */
import { usedMetrics } from '../../../contracts/workflow/metrics.ts';
import type { StepEnd, StepRecord } from '../../../contracts/workflow/step.ts';
import type { Json } from '../../../values/json.ts';
import type { EnvelopeStep, EnvelopeView, RunView, StepView, RunTotals } from './runViews.ts';

/** A step that has ended. `runId` and `kind` are not in its record. */
export function stepView(
  runId: string,
  kind: string,
  { id, started_at, ended_at, attempts, end }: StepRecord,
): StepView {
  const reflected = 'reflected' in end ? end.reflected : undefined;
  return {
    id,
    run_id: runId,
    name: id,
    type: kind,
    status: end.status,
    started_at: timeText(started_at),
    ended_at: timeText(ended_at),
    ...said(end),
    ...(reflected === undefined ? {} : { reflected }),
    metrics: { ...usedMetrics(end), ...(reflected === undefined ? {} : { reflected }) },
    ...(end.notes ? { notes: end.notes } : {}),
    attempts,
  };
}

function said(end: StepEnd): Pick<StepView, 'output' | 'reason' | 'error' | 'code' | 'raw_output'> {
  switch (end.status) {
    case 'complete':
      return { output: end.output };
    case 'skipped':
      return { reason: end.reason };
    case 'failed':
      return {
        error: end.failure.message,
        code: end.code,
        ...(end.raw_output === undefined ? {} : { raw_output: end.raw_output }),
      };
  }
}

/** The envelope of a run: those of its steps that have ended or wait for an approval, in the order given. */
export function envelopeOf(run: RunView, steps: readonly StepView[]): EnvelopeView {
  const listed = steps.filter(({ status }) => status !== 'pending' && status !== 'running').map(envelopeStep);
  return {
    run_id: run.id,
    workflow: run.workflow_name,
    status: run.status,
    ...(run.error === undefined ? {} : { error: run.error }),
    ...(run.payload === undefined ? {} : { payload: run.payload, params: run.payload }),
    steps: listed.length > 0 ? listed : null,
    steps_by_id: Object.fromEntries(listed.map((step) => [step.id, step])),
    totals: totalsOf(listed),
  };
}

const nothing: Json = {};

const envelopeStep = (step: StepView): EnvelopeStep => ({
  id: step.id,
  output: step.status === 'complete' ? (step.output ?? nothing) : nothing,
  metrics: step.metrics,
  timestamp: step.ended_at ?? step.started_at ?? '',
  status: step.status,
  ...(step.error === undefined ? {} : { error: step.error }),
  ...(step.raw_output === undefined ? {} : { raw_output: step.raw_output }),
});

const counted = ['duration_ms', 'tokens_in', 'tokens_out', 'cost_usd', 'llm_calls', 'tool_calls'] as const;

function totalsOf(steps: readonly EnvelopeStep[]): RunTotals {
  const totals: RunTotals = { duration_ms: 0, tokens_in: 0, tokens_out: 0, cost_usd: 0, llm_calls: 0, tool_calls: 0 };
  for (const { metrics } of steps) for (const name of counted) totals[name] += metrics[name];
  return totals;
}

/** Milliseconds since the epoch as a time of HTTP. */
export const timeText = (ms: number): string => new Date(ms).toISOString();
