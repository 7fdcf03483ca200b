/** What an orchestration of tasks takes, answers and shows while it runs, and what can be changed of it. */
import * as z from 'zod';
import { Failure } from '../values/failure.ts';
import { AgentUsage } from './agent.ts';
import { isMode, type ExecutionMode } from './executionMode.ts';
import type { HealthStatus } from './health.ts';
import { RetryCondition, Task } from './task.ts';
import { TaskResult } from './taskResult.ts';

const count = z.number().int().nonnegative();
const atLeastOne = z.number().int().positive();

/** The limits of an orchestration, and what it has used. A limit that is null is none. */
export const BudgetSnapshot = z.object({
  /** How many tasks are worked on at once. */
  maxConcurrentTasks: count.nullable(),
  /** How many model answers all tasks together may take. */
  maxTotalSteps: count.nullable(),
  /** How many tasks are given out in all. */
  maxTotalTasks: count.nullable(),
  /** Model answers so far. */
  consumedSteps: count,
  /** Tasks given out so far. */
  dispatchedTasks: count,
});
export type BudgetSnapshot = z.infer<typeof BudgetSnapshot>;

/** What the actor of an orchestrator, a router, starts with. `one`: its result is that of its only task. */
export const RouterInput = z.object({
  tasks: z.array(Task),
  shape: z.enum(['one', 'many']),
  mode: z.custom<ExecutionMode>(isMode).optional(),
  /** True for a long-lived orchestration: it takes more tasks until it is closed. */
  standing: z.boolean().optional(),
});
export type RouterInput = z.infer<typeof RouterInput>;

const outputFields = {
  results: z.array(TaskResult),
  shape: z.enum(['one', 'many', 'pipeline']),
  budget: BudgetSnapshot,
  usage: AgentUsage,
};
/** How an orchestration ended (the output of a router): with a result for every task, in the order they were submitted. */
export const RouterOutput = z.discriminatedUnion('status', [
  z.object({ status: z.literal('completed'), ...outputFields }),
  z.object({ status: z.literal('failed'), failure: Failure, ...outputFields }),
  z.object({ status: z.literal('cancelled'), reason: z.string(), ...outputFields }),
]);
export type RouterOutput = z.infer<typeof RouterOutput>;

const newLimit = atLeastOne.nullable().optional();
/** What can be changed of a running orchestration. `backoff` is milliseconds. */
export const Reconfiguration = z.object({
  /** Other limits; null is none, and a limit that is missing stays. */
  limits: z
    .strictObject({
      /** How many tasks are worked on at once. */
      maxConcurrentTasks: newLimit,
      /** How many model answers all tasks together may take. */
      maxTotalSteps: newLimit,
      /** How many tasks are given out in all. */
      maxTotalTasks: newLimit,
    })
    .optional(),
  /** Other retries, for tasks that have not begun. */
  retry: z
    .strictObject({
      /** Attempts after the first. */
      maxRetries: count.optional(),
      /** The first pause in milliseconds. */
      backoff: z.number().nonnegative().optional(),
      /** When a failed attempt is repeated. */
      condition: RetryCondition.optional(),
    })
    .optional(),
});
export type Reconfiguration = z.infer<typeof Reconfiguration>;

/** Signals to a running orchestration. Their types are stored, and keep an older name for it: `orchestra`. */
export const RouterSignal = z.discriminatedUnion('type', [
  /** One more task, for a long-lived orchestration. */
  z.object({ type: z.literal('orchestra.task'), task: Task }),
  /** No more will come: it ends when everything is answered. */
  z.object({ type: z.literal('orchestra.close') }),
  z.object({ type: z.literal('orchestra.cancel'), reason: z.string() }),
  z.object({ type: z.literal('orchestra.pause') }),
  z.object({ type: z.literal('orchestra.resume') }),
  /** Every member is back in rotation, and a long-lived orchestration takes tasks again after it was cancelled. */
  z.object({ type: z.literal('orchestra.reset') }),
  /** Other limits from now on (null is none), and other retries for tasks that have not begun. What is not given stays. */
  z.object({ type: z.literal('orchestra.configure'), ...Reconfiguration.shape }),
]);
export type RouterSignal = z.infer<typeof RouterSignal>;

/** One member as a screen shows it. */
export interface MemberMonitor {
  /** The id of the member. */
  readonly id: string;
  /** Tasks under way. */
  readonly busy: number;
  /** Tasks it has had. */
  readonly taken: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Milliseconds since the epoch; null while it is in rotation. */
  readonly outUntil: number | null;
  /** By its latest attempts in this run, by the rule of `healthSummary`. */
  readonly health: HealthStatus;
}

/** The status of an orchestration. */
export interface OrchestrationMonitor extends BudgetSnapshot {
  /** True when no model answers are left. */
  readonly stepBudgetExhausted: boolean;
  /** True when no tasks are left. */
  readonly taskBudgetExhausted: boolean;
  /** True after a cancel. */
  readonly cancelled: boolean;
  /** The members, in their order. */
  readonly members: readonly MemberMonitor[];
}
