/** Runs and steps as the orchestrator shows them over HTTP. */
import * as z from 'zod';
import { StepMetrics, StepNotes } from '../../../contracts/workflow/step.ts';
import { named } from '../base/openapi.ts';
import { amount, someJson, someObject, timestamp } from './json.ts';

/** How a run stands. `cancelled` and `paused` are ours. */
export const WorkflowRunStatus = z.enum(['pending', 'running', 'paused', 'complete', 'failed', 'cancelled']);
export type WorkflowRunStatus = z.infer<typeof WorkflowRunStatus>;

/** How a step stands. */
export const StepStatus = z.enum(['pending', 'running', 'pending_approval', 'complete', 'skipped', 'failed']);
export type StepStatus = z.infer<typeof StepStatus>;

/** A run. */
export const RunView = named(
  'Run',
  z.object({
    id: z.string(),
    workflow_name: z.string(),
    status: WorkflowRunStatus,
    created_at: timestamp,
    updated_at: timestamp,
    completed_at: timestamp.optional(),
    error: z.string().optional(),
    /** Why it failed, in a word for programs; ours. */
    code: z.string().optional(),
    metadata: someJson().optional(),
    /** The parameters that it was started with. */
    payload: someJson().optional(),
    /** The result of a run that is complete; ours. */
    output: someJson().optional(),
  }),
);
export type RunView = z.infer<typeof RunView>;

/** A step of a run. */
export const StepView = named(
  'Step',
  z.object({
    id: z.string(),
    run_id: z.string(),
    name: z.string(),
    /** agent, transform, webhook, workflow or wait. */
    type: z.string(),
    status: StepStatus,
    started_at: timestamp.optional(),
    ended_at: timestamp.optional(),
    error: z.string().optional(),
    code: z.string().optional(),
    /** Why it was skipped. */
    reason: z.string().optional(),
    output: someJson().optional(),
    /** What it had put out, when that is why it failed. */
    raw_output: someJson().optional(),
    metrics: StepMetrics.extend({ reflected: z.boolean().optional() }),
    reflected: z.boolean().optional(),
    notes: StepNotes.optional(),
    attempts: amount.optional(),
    messages: z.array(someJson()).optional(),
  }),
);
export type StepView = z.infer<typeof StepView>;

/** A run with its steps. */
export const RunDetail = named('RunDetail', z.object({ run: RunView, steps: z.array(StepView).nullable() }));

/** A page of runs, the newest first. */
export const RunList = named(
  'RunList',
  z.object({
    runs: z.array(RunView),
    /** Give it as `cursor` for the next page; absent on the last one. */
    next: z.string().optional(),
  }),
);

/** A step in an envelope. */
export const EnvelopeStep = named(
  'EnvelopeStep',
  z.object({
    id: z.string(),
    /** Empty for a step that was skipped or failed. */
    output: someJson(),
    metrics: StepView.shape.metrics,
    timestamp,
    status: StepStatus,
    error: z.string().optional(),
    /** What it had put out, when that is why it failed. */
    raw_output: someJson().optional(),
  }),
);
export type EnvelopeStep = z.infer<typeof EnvelopeStep>;

/** The sums over the listed steps; durations are added, too. */
export const RunTotals = z.object({
  duration_ms: amount,
  tokens_in: amount,
  tokens_out: amount,
  cost_usd: amount,
  llm_calls: amount,
  tool_calls: amount,
});
export type RunTotals = z.infer<typeof RunTotals>;

/** What a run has produced so far: the steps that have ended, in the order of their ends. Both shapes that are described for it: `payload` and `params`, the list and the map. */
export const EnvelopeView = named(
  'RunEnvelope',
  z.object({
    run_id: z.string(),
    workflow: z.string(),
    status: WorkflowRunStatus,
    error: z.string().optional(),
    payload: someJson().optional(),
    /** The same as `payload`. */
    params: someJson().optional(),
    /** Null when none has ended. */
    steps: z.array(EnvelopeStep).nullable(),
    /** The same steps, by their ids. */
    steps_by_id: z.record(z.string(), EnvelopeStep),
    totals: RunTotals,
  }),
);
export type EnvelopeView = z.infer<typeof EnvelopeView>;

/** The answer to an invocation. */
export const Accepted = named('Accepted', z.object({ run_id: z.string(), status: z.literal('accepted') }));

/** The answer to an invocation that waited for the end; ours. */
export const Finished = named(
  'Finished',
  z.object({
    run_id: z.string(),
    status: WorkflowRunStatus,
    output: someJson().optional(),
    error: z.string().optional(),
    code: z.string().optional(),
  }),
);

/** The parameters of a workflow. */
export const Parameters = someObject();
