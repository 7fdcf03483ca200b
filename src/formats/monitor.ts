/** Monitors of orchestrations and details of task results as snake_case JSON. */
import * as z from 'zod';
import type { BudgetSnapshot, OrchestrationMonitor } from '../contracts/orchestration.ts';
import type { JsonObject } from '../values/json.ts';
import { readResult } from './result.ts';
import { errorKinds, readWith, routerNames, guardrailStageNames } from './wireNames.ts';

const count = z.number().int().nonnegative();
const limit = count.nullish().transform((value) => value ?? null);

const WireBudget = z.object({
  max_concurrent_tasks: limit,
  max_total_steps: limit,
  max_total_tasks: limit,
  consumed_steps: count.default(0),
  dispatched_tasks: count.default(0),
});

/** Reads limits and counts. Throws `invalid` with every field that does not fit. */
export function readBudget(json: unknown): BudgetSnapshot {
  const wire = readWith(WireBudget, json, 'The budget snapshot');
  return {
    maxConcurrentTasks: wire.max_concurrent_tasks,
    maxTotalSteps: wire.max_total_steps,
    maxTotalTasks: wire.max_total_tasks,
    consumedSteps: wire.consumed_steps,
    dispatchedTasks: wire.dispatched_tasks,
  };
}

/** Limits and counts as JSON. */
export const writeBudget = (budget: BudgetSnapshot) => ({
  max_concurrent_tasks: budget.maxConcurrentTasks,
  max_total_steps: budget.maxTotalSteps,
  max_total_tasks: budget.maxTotalTasks,
  consumed_steps: budget.consumedSteps,
  dispatched_tasks: budget.dispatchedTasks,
});

/** The monitor of an orchestration with that budget. @example orchestratorSnapshot({ max_total_steps: 5, consumed_steps: 5 }, false).step_budget_exhausted // true */
export function orchestratorSnapshot(budget: unknown, cancelled: boolean) {
  const known = readBudget(budget);
  return {
    ...writeBudget(known),
    step_budget_exhausted: isSpent(known.consumedSteps, known.maxTotalSteps),
    task_budget_exhausted: isSpent(known.dispatchedTasks, known.maxTotalTasks),
    cancelled,
  } satisfies JsonObject;
}

const isSpent = (used: number, most: number | null): boolean => most !== null && used >= most;

/** A monitor as JSON, with its members as an additional field. */
export const writeMonitor = (monitor: OrchestrationMonitor) =>
  ({
    ...orchestratorSnapshot(writeBudget(monitor), monitor.cancelled),
    members: monitor.members.map(({ id, busy, taken, failures, outUntil, health }) => ({
      agent_id: id,
      busy,
      taken,
      failures,
      out_until_unix_ms: outUntil,
      health,
    })),
  }) satisfies JsonObject;

/** Why a task ended as it did, from a task result as JSON; null for everything that it does not say. Throws `invalid` for anything that is no task result. */
export function taskResultDetail(json: unknown) {
  const { metadata, errorKind } = readResult(json);
  const { routing, guardrail } = metadata;
  const kind = errorKind ?? metadata.errorKind;
  return {
    error_kind: kind === undefined ? null : errorKinds.write(kind),
    is_transient: kind === 'transient',
    router_name: routing ? routerNames.write(routing.router) : null,
    selected_agent_id: routing?.selected ?? null,
    candidates_considered: routing?.candidates ?? null,
    routing_reason: routing?.reason ?? null,
    concurrency_wait_ms: metadata.concurrencyWaitMs,
    budget_exhausted: metadata.budgetExhausted,
    guardrail_name: guardrail?.name ?? null,
    guardrail_stage: guardrail?.stage === undefined ? null : guardrailStageNames.write(guardrail.stage),
  } satisfies JsonObject;
}
