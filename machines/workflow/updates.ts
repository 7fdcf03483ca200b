/** What the actions of a workflow change, as pure functions from context and event to changes of the context. */
import { backoff } from '../../src/values/backoff.ts';
import { without } from '../../src/values/record.ts';
import type { StepEnd, StepRecord } from '../../src/contracts/workflow/step.ts';
import { noMetrics, usedMetrics } from '../../src/contracts/workflow/metrics.ts';
import { makeFailure } from '../failure.ts';
import { addMetrics, failedStep, withDuration } from './stepEnds.ts';
import type { StepUnderway, WorkflowContext } from './context.ts';

/** What attempts change: of a workflow, where a step has attempts, and of a fan-out, where an item has them. */
export type AttemptContext = Pick<WorkflowContext, 'running' | 'attempts' | 'resting' | 'metrics' | 'records'>;
type Change = Partial<AttemptContext>;

/** What becomes of the end of an attempt: another attempt after a pause in milliseconds, or the record of the step. */
export type AttemptResult =
  | { readonly is: 'retried'; readonly pause: number; readonly change: Change }
  | { readonly is: 'ended'; readonly record: StepRecord; readonly change: Change };

const longestPause = 10 * 60_000;

/** The end of a child that did a step. `chance` is a random number from 0 to below 1. */
export function attemptEnded(
  context: AttemptContext,
  child: string,
  end: StepEnd,
  { at, chance }: { readonly at: number; chance(): number },
): AttemptResult | undefined {
  const running = context.running[child];
  if (!running) return undefined;
  const { step, retry, since } = running;
  const before = context.attempts[step];
  const count = (before?.count ?? 0) + 1;
  const first = before?.since ?? since;
  const used = before ? addMetrics(before.metrics, end.metrics) : usedMetrics(end);
  const rest = { running: without(context.running, child), metrics: addMetrics(context.metrics, end.metrics) };
  if (end.status === 'failed' && retry && count <= retry.max && mayRepeat(end)) {
    const wanted = backoff(count, { first: retry.backoff, longest: longestPause }, chance());
    return {
      is: 'retried',
      pause: Math.max(wanted, end.failure.retryAfter ?? 0),
      change: {
        ...rest,
        attempts: { ...context.attempts, [step]: { count, since: first, metrics: used } },
        resting: [...context.resting, step],
      },
    };
  }
  return {
    is: 'ended',
    record: {
      id: step,
      started_at: first,
      ended_at: at,
      attempts: count,
      end: withDuration({ ...end, metrics: used }, at - first),
    },
    change: { ...rest, attempts: without(context.attempts, step), records: context.records + 1 },
  };
}

/** What becomes of steps that are stopped and not waited for: those of these children, and those that wait for another attempt. */
export function stepsStopped(
  { running, attempts, resting, records }: AttemptContext,
  children: readonly string[],
  { reason, at }: { readonly reason: string; readonly at: number },
): { readonly records: readonly StepRecord[]; readonly change: Change } {
  const failure = makeFailure('cancelled', reason);
  const recordOf = (step: string, since: number, begun: number): StepRecord => {
    const { count = 0, since: first = since, metrics = noMetrics } = attempts[step] ?? {};
    const end = withDuration(failedStep(failure, 'cancelled', metrics), at - first);
    return { id: step, started_at: first, ended_at: at, attempts: count + begun, end };
  };
  const stopped = Object.entries(running).filter(([child]) => children.includes(child));
  const ended = [
    ...stopped.map(([, { step, since }]) => recordOf(step, since, 1)),
    ...resting.map((step) => recordOf(step, at, 0)),
  ];
  const left = Object.entries(running).filter(([child]) => !children.includes(child));
  return {
    records: ended,
    change: { running: Object.fromEntries(left), resting: [], records: records + ended.length },
  };
}

/** A write that may have happened is never repeated, and what was stopped or refused by a person stays so. */
export const mayRepeat = ({ failure }: Extract<StepEnd, { status: 'failed' }>): boolean =>
  failure.kind !== 'uncertain' && failure.kind !== 'cancelled' && failure.kind !== 'denied';

/** The children that do steps, with what is known of them. */
export const runningChildren = ({ running }: AttemptContext): readonly (readonly [string, StepUnderway])[] =>
  Object.entries(running);
