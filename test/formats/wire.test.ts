/** Tasks, results and monitors as snake_case JSON: nothing is lost in reading and writing, and errors have their path. */
import { expect, test } from 'vitest';
import { pipelineResult } from '../../src/contracts/routerResult.ts';
import type { TaskMetadata, TaskResult } from '../../src/contracts/taskResult.ts';
import type { JsonObject } from '../../src/values/json.ts';
import { orchestratorSnapshot, readBudget, taskResultDetail, writeBudget } from '../../src/formats/monitor.ts';
import { readPipeline, readResult, writeMetadata, writePipeline, writeResult } from '../../src/formats/result.ts';
import { readTask, writeTask } from 'troupe/formats';

const usage = { steps: 5, inputTokens: 10, outputTokens: 20, cachedTokens: 3, toolCalls: 2, usd: 0.5 };
const result = (over: Partial<TaskResult> = {}): TaskResult => ({
  taskId: 't1',
  agentId: 'coder',
  output: { answer: 42 },
  success: true,
  stepsUsed: 5,
  usage,
  metadata: readMetadata({}),
  ...over,
});
/** Metadata as a result carries it; without fields, that of a task that was never begun. */
const readMetadata = (metadata: JsonObject): TaskMetadata =>
  readResult({
    task_id: 't1',
    agent_id: 'coder',
    output: null,
    success: true,
    steps_used: 0,
    metadata,
  }).metadata;
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const wireTask = {
  task_id: 't-1',
  agent_id: 'code-reviewer',
  input: 'analyse this code',
  session_id: 'sess-42',
  max_steps: 15,
  timeout_ms: 5_000,
  deadline_unix_ms: 1_900_000_000_000,
  retry_policy: { max_retries: 3, backoff_ms: 250, condition: 'on_transient' },
  budget_steps: 12,
  correlation_id: 'corr-abc',
  metadata: { priority: 'high' },
};

test('a task keeps every field when it is read and written', () => {
  const task = readTask(throughJson(wireTask));
  expect(task).toEqual({
    id: 't-1',
    agentId: 'code-reviewer',
    input: 'analyse this code',
    maxSteps: 15,
    timeout: 5_000,
    deadline: 1_900_000_000_000,
    retry: { maxRetries: 3, backoff: 250, condition: 'onTransient' },
    budgetSteps: 12,
    correlationId: 'corr-abc',
    metadata: { priority: 'high', session_id: 'sess-42' },
  });
  expect(throughJson(writeTask(task))).toEqual(wireTask);
  expect(readTask({ input: 'x', agent_id: null, retry_policy: {} })).toEqual({
    input: 'x',
    retry: { maxRetries: 0, backoff: 0, condition: 'always' },
  });
});

test('an invalid task is refused with the path of every error', () => {
  const read = () => readTask({ input: 7, timeout_ms: -1, retry_policy: { condition: 'sometimes' }, deadline: 5 });
  expect(read).toThrow(/"input": expected a text or \{ type, body \}/);
  expect(read).toThrow(/"timeout_ms".*came number -1/);
  expect(read).toThrow(/"retry_policy.condition": expected always, on_transient, never/);
  expect(read).toThrow(/deadline/);
});

test('the defaults of metadata are those of a task that was never started', () => {
  expect(readMetadata({})).toEqual({
    attempts: 0,
    durationMs: 0,
    concurrencyWaitMs: 0,
    timedOut: false,
    deadlineExceeded: false,
    cancelled: false,
    budgetExhausted: false,
    retryApplied: false,
  });
  const wire = {
    attempt_count: 2,
    duration_ms: 750,
    timed_out: false,
    deadline_exceeded: true,
    cancelled: false,
    retry_applied: true,
    routed_by: 'round-robin',
    execution_mode: 'sequential',
    correlation_id: 'corr-xyz',
    error_kind: 'deadline_exceeded',
    concurrency_wait_ms: 0,
    budget_exhausted: false,
  };
  expect(writeMetadata(readMetadata(wire))).toEqual(wire);
});

test('a successful and a failed result are unchanged after writing and reading', () => {
  const failed = result({
    success: false,
    output: null,
    error: 'LLM timeout',
    errorKind: 'transient',
    stepsUsed: 0,
    failure: { kind: 'timeout', message: 'LLM timeout', retryable: true, data: { someKey: 1 } },
    metadata: {
      ...readMetadata({ attempt_count: 2, timed_out: true }),
      routing: { router: 'roundRobin', selected: 'coder', candidates: 2 },
      guardrail: { name: 'timeout', stage: 'pre' },
    },
  });
  for (const one of [result(), failed]) expect(readResult(throughJson(writeResult(one, 'r1')))).toEqual(one);
  expect(writeResult(failed, 'r1')).toMatchObject({
    task_id: 't1',
    error_kind: 'transient',
    session_id: 'r1',
    metadata: { guardrail_name: 'timeout', guardrail_stage: 'pre_check', attempt_count: 2 },
    failure: { data: { someKey: 1 } },
  });
  expect(writeResult(result())).not.toHaveProperty('error');
});

test('a result with steps and without usage has an unknown price', () => {
  const wire = { task_id: 't', agent_id: 'a', output: 'x', success: true, steps_used: 4, session_id: 's' };
  expect(readResult(wire).usage).toMatchObject({ steps: 4, usd: null });
});

test('a pipeline sums its steps, ends with its last output and fails with its first failure', () => {
  const [first, second] = [result({ output: 'first', stepsUsed: 3 }), result({ output: 'second', stepsUsed: 4 })];
  const failed = result({ success: false, output: null, error: 'tool error' });
  expect(writePipeline(pipelineResult([first, second]))).toMatchObject({
    total_steps: 7,
    success: true,
    final_output: 'second',
  });
  expect(writePipeline(pipelineResult([first, failed, second]))).toMatchObject({ success: false, error: 'tool error' });
  expect(writePipeline(pipelineResult([]))).toEqual({
    task_results: [],
    final_output: null,
    total_steps: 0,
    success: true,
  });
  const whole = pipelineResult([first, failed]);
  expect(readPipeline(throughJson(writePipeline(whole)))).toEqual(whole);
});

test('a budget is unchanged after reading and writing, and says when it is used up', () => {
  const wire = {
    max_concurrent_tasks: null,
    max_total_steps: 20,
    max_total_tasks: 5,
    consumed_steps: 7,
    dispatched_tasks: 2,
  };
  expect(writeBudget(readBudget(throughJson(wire)))).toEqual(wire);
  expect(orchestratorSnapshot(wire, false)).toEqual({
    ...wire,
    step_budget_exhausted: false,
    task_budget_exhausted: false,
    cancelled: false,
  });
  expect(orchestratorSnapshot({ max_total_steps: 5, consumed_steps: 5 }, true)).toMatchObject({
    step_budget_exhausted: true,
    task_budget_exhausted: false,
    cancelled: true,
  });
  expect(orchestratorSnapshot({ max_total_tasks: 2, dispatched_tasks: 2 }, false).task_budget_exhausted).toBe(true);
  expect(() => orchestratorSnapshot({ consumed_steps: 'many' }, false)).toThrow(/"consumed_steps"/);
});

test('the detail of a failed result names its router, its guardrail and its kind of error', () => {
  const detail = taskResultDetail({
    task_id: 't',
    agent_id: 'agent-a',
    output: null,
    success: false,
    error: 'late',
    error_kind: 'transient',
    steps_used: 0,
    session_id: 's',
    metadata: {
      routing_decision: {
        router_name: 'round-robin',
        selected_agent_id: 'agent-a',
        candidates_considered: 2,
        reason: 'balanced',
      },
      concurrency_wait_ms: 3,
      guardrail_name: 'timeout',
      guardrail_stage: 'pre_check',
    },
  });
  expect(detail).toEqual({
    error_kind: 'transient',
    is_transient: true,
    router_name: 'round-robin',
    selected_agent_id: 'agent-a',
    candidates_considered: 2,
    routing_reason: 'balanced',
    concurrency_wait_ms: 3,
    budget_exhausted: false,
    guardrail_name: 'timeout',
    guardrail_stage: 'pre_check',
  });
  expect(() => taskResultDetail({ task_id: 't' })).toThrow(/The task result cannot be read: at "agent_id"/);
  expect(() => taskResultDetail('{')).toThrow(/The task result cannot be read/);
});
