/** Task and pipeline results as snake_case JSON, read and written. `usage` and `failure` are additional fields, so that nothing is lost. */
import * as z from 'zod';
import { AgentUsage } from '../contracts/agent.ts';
import { Failure } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { PipelineResult, TaskResult, type TaskMetadata } from '../contracts/taskResult.ts';
import {
  errorKinds,
  withoutUndefined,
  jsonWithoutUndefined,
  optional,
  readWith,
  routerNames,
  guardrailStageNames,
} from './wireNames.ts';

const count = z.number().int().nonnegative();
const flag = z.boolean().default(false);

const WireMetadata = z
  .object({
    attempt_count: count.default(0),
    duration_ms: z.number().default(0),
    timed_out: flag,
    deadline_exceeded: flag,
    cancelled: flag,
    retry_applied: flag,
    routed_by: optional(routerNames.schema),
    execution_mode: optional(z.string()),
    correlation_id: optional(z.string()),
    error_kind: optional(errorKinds.schema),
    routing_decision: optional(
      z.object({
        router_name: routerNames.schema,
        selected_agent_id: z.string(),
        candidates_considered: count,
        reason: optional(z.string()),
      }),
    ),
    concurrency_wait_ms: z.number().default(0),
    budget_exhausted: flag,
    guardrail_name: optional(z.string()),
    guardrail_stage: optional(guardrailStageNames.schema),
  })
  .prefault({});

const WireUsage = z.object({
  steps: count,
  input_tokens: z.number(),
  output_tokens: z.number(),
  cached_tokens: z.number(),
  tool_calls: count,
  usd: z.number().nullable(),
});

const WireResult = z.object({
  task_id: z.string(),
  agent_id: z.string(),
  output: z.json(),
  success: z.boolean(),
  error: optional(z.string()),
  error_kind: optional(errorKinds.schema),
  steps_used: count,
  metadata: WireMetadata,
  usage: optional(WireUsage),
  failure: optional(Failure),
});

/** Reads a task result. Throws `invalid` with every field that does not fit. */
export function readResult(json: unknown): TaskResult {
  const wire = readWith(WireResult, json, 'The task result');
  return TaskResult.parse(
    withoutUndefined({
      taskId: wire.task_id,
      agentId: wire.agent_id,
      output: wire.output,
      success: wire.success,
      error: wire.error,
      errorKind: wire.error_kind,
      failure: wire.failure,
      stepsUsed: wire.steps_used,
      usage: usageOf(wire),
      metadata: metadataOf(wire.metadata),
    }),
  );
}

/** A task result as JSON. `session`: its `session_id`, such as the id of the run; empty by default. */
export function writeResult(result: TaskResult, session = ''): JsonObject {
  return jsonWithoutUndefined({
    task_id: result.taskId,
    agent_id: result.agentId,
    output: result.output,
    success: result.success,
    error: result.error,
    error_kind: result.errorKind && errorKinds.write(result.errorKind),
    steps_used: result.stepsUsed,
    session_id: session,
    metadata: writeMetadata(result.metadata),
    usage: writeUsage(result.usage),
    // A failure is JSON; fields that are undefined are left out when it is written.
    failure: result.failure as Json | undefined,
  });
}

const WirePipeline = z.object({
  task_results: z.array(z.unknown()),
  final_output: z.json(),
  total_steps: count,
  success: z.boolean(),
  error: optional(z.string()),
});

/** Reads a pipeline result. Throws `invalid` with every field that does not fit. */
export function readPipeline(json: unknown): PipelineResult {
  const wire = readWith(WirePipeline, json, 'The pipeline result');
  const { task_results, final_output, total_steps, success, error } = wire;
  return PipelineResult.parse(
    withoutUndefined({
      taskResults: task_results.map(readResult),
      finalOutput: final_output,
      totalSteps: total_steps,
      success,
      error,
    }),
  );
}

/** A pipeline result as JSON. `session`: the `session_id` of its task results; empty by default. */
export const writePipeline = (pipeline: PipelineResult, session = ''): JsonObject =>
  jsonWithoutUndefined({
    task_results: pipeline.taskResults.map((result) => writeResult(result, session)),
    final_output: pipeline.finalOutput,
    total_steps: pipeline.totalSteps,
    success: pipeline.success,
    error: pipeline.error,
  });

function metadataOf(wire: z.output<typeof WireMetadata>): TaskMetadata {
  const { routing_decision: routing, guardrail_name, guardrail_stage } = wire;
  return withoutUndefined({
    attempts: wire.attempt_count,
    durationMs: wire.duration_ms,
    concurrencyWaitMs: wire.concurrency_wait_ms,
    timedOut: wire.timed_out,
    deadlineExceeded: wire.deadline_exceeded,
    cancelled: wire.cancelled,
    budgetExhausted: wire.budget_exhausted,
    retryApplied: wire.retry_applied,
    routedBy: wire.routed_by,
    executionMode: wire.execution_mode,
    correlationId: wire.correlation_id,
    errorKind: wire.error_kind,
    routing:
      routing &&
      withoutUndefined({
        router: routing.router_name,
        selected: routing.selected_agent_id,
        candidates: routing.candidates_considered,
        reason: routing.reason,
      }),
    guardrail:
      guardrail_name === undefined ? undefined : withoutUndefined({ name: guardrail_name, stage: guardrail_stage }),
  });
}

/** Metadata as JSON. */
export function writeMetadata(metadata: TaskMetadata): JsonObject {
  const { routing, guardrail } = metadata;
  return jsonWithoutUndefined({
    attempt_count: metadata.attempts,
    duration_ms: metadata.durationMs,
    timed_out: metadata.timedOut,
    deadline_exceeded: metadata.deadlineExceeded,
    cancelled: metadata.cancelled,
    retry_applied: metadata.retryApplied,
    routed_by: metadata.routedBy && routerNames.write(metadata.routedBy),
    execution_mode: metadata.executionMode,
    correlation_id: metadata.correlationId,
    error_kind: metadata.errorKind && errorKinds.write(metadata.errorKind),
    routing_decision:
      routing &&
      jsonWithoutUndefined({
        router_name: routerNames.write(routing.router),
        selected_agent_id: routing.selected,
        candidates_considered: routing.candidates,
        reason: routing.reason,
      }),
    concurrency_wait_ms: metadata.concurrencyWaitMs,
    budget_exhausted: metadata.budgetExhausted,
    guardrail_name: guardrail?.name,
    guardrail_stage: guardrail?.stage && guardrailStageNames.write(guardrail.stage),
  });
}

function usageOf({ usage, steps_used: steps }: z.output<typeof WireResult>): AgentUsage {
  // Without usage only the steps are known: the price is unknown.
  if (!usage) return { steps, inputTokens: 0, outputTokens: 0, cachedTokens: 0, toolCalls: 0, usd: null };
  const { input_tokens, output_tokens, cached_tokens, tool_calls, usd } = usage;
  return {
    steps: usage.steps,
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    cachedTokens: cached_tokens,
    toolCalls: tool_calls,
    usd,
  };
}

const writeUsage = (usage: AgentUsage): JsonObject => ({
  steps: usage.steps,
  input_tokens: usage.inputTokens,
  output_tokens: usage.outputTokens,
  cached_tokens: usage.cachedTokens,
  tool_calls: usage.toolCalls,
  usd: usage.usd,
});
