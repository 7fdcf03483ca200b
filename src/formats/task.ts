/** Tasks as snake_case JSON (`task_id`, `timeout_ms`, `retry_policy`), read and written. */
import * as z from 'zod';
import type { Json, JsonObject } from '../values/json.ts';
import { Task, type RetryPolicy, type TaskSpec } from '../contracts/task.ts';
import { retryConditions, withoutUndefined, jsonWithoutUndefined, optional, readWith } from './wireNames.ts';

const count = z.number().int().nonnegative();

const WireRetry = z.strictObject({
  max_retries: count.default(0),
  backoff_ms: z.number().nonnegative().default(0),
  condition: retryConditions.schema.default('always'),
});

const WireTask = z.strictObject({
  task_id: optional(z.string().min(1)),
  agent_id: optional(z.string().min(1)),
  input: z.union([z.string(), z.strictObject({ type: z.string().min(1), body: z.json().optional() })], {
    error: 'expected a text or { type, body }',
  }),
  session_id: optional(z.string()),
  max_steps: optional(count.positive()),
  timeout_ms: optional(z.number().positive()),
  deadline_unix_ms: optional(z.number()),
  retry_policy: optional(WireRetry),
  budget_steps: optional(count.positive()),
  correlation_id: optional(z.string()),
  metadata: z.record(z.string(), z.json()).default({}),
});

/** The entry of a task's metadata that holds `session_id`. It has no other effect, because every attempt has a conversation of its own. */
const sessionKey = 'session_id';

/** Reads a task. Throws `invalid` with every field that does not fit. */
export function readTask(json: unknown): Task {
  const wire = readWith(WireTask, json, 'The task');
  const metadata = { ...wire.metadata, ...(wire.session_id === undefined ? {} : { [sessionKey]: wire.session_id }) };
  return Task.parse(
    withoutUndefined({
      id: wire.task_id,
      agentId: wire.agent_id,
      input: wire.input,
      maxSteps: wire.max_steps,
      timeout: wire.timeout_ms,
      deadline: wire.deadline_unix_ms,
      retry: wire.retry_policy && readRetry(wire.retry_policy),
      budgetSteps: wire.budget_steps,
      correlationId: wire.correlation_id,
      metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    }) satisfies TaskSpec,
  );
}

const readRetry = ({ max_retries, backoff_ms, condition }: z.output<typeof WireRetry>): RetryPolicy => ({
  maxRetries: max_retries,
  backoff: backoff_ms,
  condition,
});

/** A task as JSON. */
export function writeTask(task: Task): JsonObject {
  const { [sessionKey]: sessionId, ...metadata } = task.metadata ?? {};
  const isSession = typeof sessionId === 'string';
  return jsonWithoutUndefined({
    task_id: task.id,
    agent_id: task.agentId,
    input: inputOf(task.input),
    session_id: isSession ? sessionId : undefined,
    max_steps: task.maxSteps,
    timeout_ms: task.timeout,
    deadline_unix_ms: task.deadline,
    retry_policy: task.retry && {
      max_retries: task.retry.maxRetries,
      backoff_ms: task.retry.backoff,
      condition: retryConditions.write(task.retry.condition),
    },
    budget_steps: task.budgetSteps,
    correlation_id: task.correlationId,
    metadata: isSession || sessionId === undefined ? metadata : task.metadata,
  });
}

const inputOf = (input: Task['input']): Json =>
  typeof input === 'string' ? input : jsonWithoutUndefined({ type: input.type, body: input.body });
