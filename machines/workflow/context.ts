/** The context of a workflow: the steps that have begun and not ended. What has ended is in its list `records`. */
import type { StepMetrics, WorkflowOutput } from '../../src/contracts/workflow/step.ts';
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { Failure } from '../../src/values/failure.ts';
import { makeFailure } from '../failure.ts';
import type { StepDispatch, StepStart, WorkflowEnd, WorkflowStart } from './effectTypes.ts';

/** A step that has begun and not ended. */
export interface StepUnderway {
  readonly step: string;
  readonly kind: StepStart['kind'];
  /** When this attempt began; milliseconds since the epoch. */
  readonly since: number;
  readonly retry?: StepDispatch['retry'];
  /** A write whose receiver does not know it again: stopped in the middle, it may have happened. */
  readonly isOnce?: true;
  /** US dollars. */
  readonly reservedUsd?: number;
}

/** Attempts of a step that failed and is tried again. */
export interface StepAttempts {
  readonly count: number;
  /** When the first attempt began; milliseconds since the epoch. */
  readonly since: number;
  /** What they used. */
  readonly metrics: StepMetrics;
}

/** The context of a workflow. */
export interface WorkflowContext {
  /** What it starts with, until it is in the list. */
  readonly start: WorkflowStart | undefined;
  /** How many workflows are around it. */
  readonly depth: number;
  /** How many records the list has, and how many of them the latest decision knew. */
  readonly records: number;
  readonly decided: number;
  /** How many children were started; each has an id of its own. */
  readonly started: number;
  /** By the id of the child. */
  readonly running: Readonly<Record<string, StepUnderway>>;
  /** Earlier attempts, by step. */
  readonly attempts: Readonly<Record<string, StepAttempts>>;
  /** Steps that wait for their next attempt. */
  readonly resting: readonly string[];
  /** What was used by all steps that have ended. */
  readonly metrics: StepMetrics;
  readonly end: WorkflowEnd | undefined;
}

/** No decision knows the records as they are. */
export const undecided = -1;

export const initialWorkflowContext = (start: WorkflowStart): WorkflowContext => ({
  start,
  depth: start.depth ?? 0,
  records: 0,
  decided: undecided,
  started: 0,
  running: {},
  attempts: {},
  resting: [],
  metrics: noMetrics,
  end: undefined,
});

/** The steps that are not to be begun now. */
export const busySteps = ({ running, resting }: WorkflowContext): readonly string[] => [
  ...Object.values(running).map(({ step }) => step),
  ...resting,
];

/** What is reserved for the steps that have begun, in US dollars. */
export const reservedUsd = ({ running }: Pick<WorkflowContext, 'running'>): number =>
  Object.values(running).reduce((sum, { reservedUsd: reserved = 0 }) => sum + reserved, 0);

/** The end of a workflow that failed for a reason of its own. */
export const failedEnd = ({ metrics }: WorkflowContext, failure: Failure, code: string): WorkflowEnd => {
  const output: WorkflowOutput = { status: 'failed', code, failure, metrics };
  return { output, step: { status: 'failed', code, failure, metrics } };
};

/** The end of a workflow that was stopped. */
export const cancelledEnd = ({ metrics }: WorkflowContext, reason: string): WorkflowEnd => ({
  output: { status: 'cancelled', reason, metrics },
});

/** How the workflow ended, with what it used until its last step had ended. */
export function workflowEndOf(context: WorkflowContext): WorkflowEnd {
  const { metrics } = context;
  const { output, step } =
    context.end ?? failedEnd(context, makeFailure('internal', 'The workflow ended without an outcome.'), 'internal');
  return { output: { ...output, metrics }, ...(step ? { step: { ...step, metrics } } : {}) };
}
