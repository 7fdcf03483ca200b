/** How steps of a workflow end, and what they used. These shapes are stored, and shown over HTTP. */
import * as z from 'zod';
import { storedJson } from '../../values/anyJson.ts';
import { Failure } from '../../values/failure.ts';

const count = z.number().int().nonnegative();

/** What a step used up. Counts of all attempts and items are added up. */
export const StepMetrics = z.object({
  /** How long it took, in milliseconds. */
  duration_ms: z.number().nonnegative(),
  tokens_in: count,
  tokens_out: count,
  /** In US dollars. */
  cost_usd: z.number().nonnegative(),
  llm_calls: count,
  tool_calls: count,
  /** How many of the calls of a model were reflections; absent for steps that are no agents. */
  reflect_calls: count.optional(),
  /** `provider/model` of the first answer; absent when no model was asked. */
  model_resolved: z.string().optional(),
});
export type StepMetrics = z.infer<typeof StepMetrics>;

/** Why a step failed, in a word for programs. `failed` when there is no better one. */
export const StepFailureCode = z.string().min(1);

const said = {
  confidence: z.number().optional(),
  flags: z.array(z.string()).optional(),
  rationale: z.string().optional(),
  skip_reason: z.string().optional(),
};

/** What reserved outputs said, beside what they did; of a step that fans out, what those of its items said, of a thousand items at most. */
export const StepNotes = z.object({
  ...said,
  items: z.array(z.object({ item_index: count, ...said })).optional(),
});
export type StepNotes = z.infer<typeof StepNotes>;

/** Absent when it used nothing, which most transforms do: it would be the greater part of their records. `usedMetrics` gives zeros then. */
const used = StepMetrics.optional();

/** The end of a step, judged: reserved outputs are evaluated and taken out, and the schemas were checked. */
export const StepEnd = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('complete'),
    output: storedJson(),
    metrics: used,
    notes: StepNotes.optional(),
    /** Whether the output went through a reflection; absent for steps that are no agents. */
    reflected: z.boolean().optional(),
    /** The result of an earlier run was taken; absent otherwise. */
    cached: z.boolean().optional(),
  }),
  z.object({
    status: z.literal('skipped'),
    /** `condition_false`, `suppressed`, `dependency_skipped`, or what the step itself said. */
    reason: z.string(),
    /** What expressions of later steps read. */
    output: storedJson(),
    metrics: used,
    notes: StepNotes.optional(),
  }),
  z.object({
    status: z.literal('failed'),
    /** `injection_attempt`, `max_turns_exceeded`, `gateway_error` … */
    code: StepFailureCode,
    failure: Failure,
    metrics: used,
    notes: StepNotes.optional(),
    /** What it had put out, when that is why it failed. */
    raw_output: storedJson().optional(),
    reflected: z.boolean().optional(),
  }),
]);
export type StepEnd = z.infer<typeof StepEnd>;

/** A step that has ended, as its workflow keeps it. Times are milliseconds since the epoch. */
export const StepRecord = z.object({
  id: z.string(),
  started_at: z.number(),
  ended_at: z.number(),
  /** How many attempts there were. */
  attempts: count,
  end: StepEnd,
});
export type StepRecord = z.infer<typeof StepRecord>;

/** How a workflow ended. */
export const WorkflowOutput = z.discriminatedUnion('status', [
  z.object({ status: z.literal('complete'), result: storedJson(), metrics: StepMetrics }),
  z.object({
    status: z.literal('failed'),
    /** The step that failed the run; absent when it was the run itself, such as its deadline. */
    step: z.string().optional(),
    code: StepFailureCode,
    failure: Failure,
    metrics: StepMetrics,
  }),
  z.object({ status: z.literal('cancelled'), reason: z.string(), metrics: StepMetrics }),
]);
export type WorkflowOutput = z.infer<typeof WorkflowOutput>;
