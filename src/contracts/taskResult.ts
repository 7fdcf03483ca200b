/** How a task ended, and how a batch of them ended. Times are milliseconds. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { Failure } from '../values/failure.ts';
import { AgentUsage } from './agent.ts';
import { MediaPart } from './media.ts';
import { guardrailStages } from './work.ts';

const count = z.number().int().nonnegative();

/** What became of a task that failed, as routers and retries see it. */
export const TaskErrorKind = z.enum(['transient', 'permanent', 'cancelled', 'deadlineExceeded', 'budgetExhausted']);
export type TaskErrorKind = z.infer<typeof TaskErrorKind>;

/** How the member for a task was chosen. */
export const RoutingDecision = z.object({
  /** The name of the router. */
  router: z.string(),
  /** Empty when no member was eligible. Of a broadcast all of them, separated by commas. */
  selected: z.string(),
  /** How many members were eligible. */
  candidates: count,
  /** Why it chose that member. */
  reason: z.string().optional(),
});
export type RoutingDecision = z.infer<typeof RoutingDecision>;

/** Facts about how a task went. */
export const TaskMetadata = z.object({
  /** Attempts that were begun. */
  attempts: count,
  /** From the beginning of the first attempt to the end. */
  durationMs: z.number(),
  /** Until the first attempt began. */
  concurrencyWaitMs: z.number(),
  /** The last attempt took longer than it was allowed. */
  timedOut: z.boolean(),
  /** The task's deadline had passed. */
  deadlineExceeded: z.boolean(),
  /** The task was cancelled. */
  cancelled: z.boolean(),
  /** No model answers were left. */
  budgetExhausted: z.boolean(),
  /** There was more than one attempt. */
  retryApplied: z.boolean(),
  /** The name of the router. */
  routedBy: z.string().optional(),
  /** The mode of the orchestration. */
  executionMode: z.string().optional(),
  /** The caller's id. */
  correlationId: z.string().optional(),
  /** Why it failed. */
  errorKind: TaskErrorKind.optional(),
  /** The decision of the router. */
  routing: RoutingDecision.optional(),
  /** The guardrail that rejected it. */
  guardrail: z
    .object({
      /** The name of the guardrail. */
      name: z.string(),
      /** The stage at which it refused. */
      stage: z.enum(guardrailStages).optional(),
    })
    .optional(),
});
export type TaskMetadata = z.infer<typeof TaskMetadata>;

/** How a task ended. `output` is the text or the message that was answered; of a failed task, the partial answer, or null. */
export const TaskResult = z.object({
  /** The id of the task. */
  taskId: z.string(),
  /** Empty when no member worked on it. */
  agentId: z.string(),
  /** The answer; of a failed task, what there was of it, or null. */
  output: anyJson(),
  /** Images, audio and files that belong to the answer; none by default. */
  parts: z.array(MediaPart).exactOptional(),
  /** True when the task succeeded. */
  success: z.boolean(),
  /** Why it failed, for people. */
  error: z.string().optional(),
  /** Why it failed, for programs. */
  errorKind: TaskErrorKind.optional(),
  /** The same with its kind and its data, for programs. */
  failure: Failure.optional(),
  /** Answers of a model, of all attempts. */
  stepsUsed: count,
  /** What all attempts used up. */
  usage: AgentUsage,
  /** How the task went. */
  metadata: TaskMetadata,
});
export type TaskResult = z.infer<typeof TaskResult>;

/** How a pipeline ended: every stage that was begun, the failed one included. */
export const PipelineResult = z.object({
  /** The results of the stages that were begun. */
  taskResults: z.array(TaskResult),
  /** Of the last stage that was begun; null when there was none. */
  finalOutput: anyJson(),
  /** Model answers of all stages. */
  totalSteps: count,
  /** True when every stage succeeded. */
  success: z.boolean(),
  /** The first failure. */
  error: z.string().optional(),
});
export type PipelineResult = z.infer<typeof PipelineResult>;
