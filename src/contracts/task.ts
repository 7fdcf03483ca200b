/** A task for a team of members, how it ended, and how a batch of them ended. Times are milliseconds unless a field says otherwise. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { AgentUsage } from './agent.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import { Failure, TroupeError } from '../values/failure.ts';
import type { HealthStatus } from './health.ts';
import { MediaPart, type InputPart } from './media.ts';
import { guardrailStages } from './work.ts';

const count = z.number().int().nonnegative();
const atLeastOne = z.number().int().positive();
const name = z.string().min(1);

const isDuration = (value: unknown): boolean => {
  try {
    return milliseconds(value as Duration) > 0;
  } catch {
    return false;
  }
};
const time = z
  .custom<Duration>(isDuration, { error: "expected a time such as '500ms', '2m' or a positive number of milliseconds" })
  .transform(milliseconds);

/** `always`: after any failure of an attempt; `onTransient`: when the same attempt may succeed later. */
export const RetryCondition = z.enum(['always', 'onTransient', 'never']);
export type RetryCondition = z.infer<typeof RetryCondition>;

/** Attempts beside the first. The pause doubles with every attempt, is shortened at random to between half and all of itself, and is never shorter than the other side asked for. */
export const RetryPolicy = z.strictObject({
  /** Attempts after the first; 0 by default. */
  maxRetries: count.default(0),
  /** The first pause, as a duration or in milliseconds; 0 by default. */
  backoff: z.union([z.literal(0), time]).default(0),
  /** When a failed attempt is repeated; `always` by default. */
  condition: RetryCondition.default('always'),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

const Input = z.union(
  [
    z.string(),
    z.strictObject({
      /** The name of a message of the members' protocol. */
      type: name,
      /** Its body. */
      body: anyJson().optional(),
    }),
  ],
  {
    error: 'expected a text or { type, body }',
  },
);

/** One piece of work for one member (with `broadcast`, for each of them). */
export const Task = z.strictObject({
  /** Unique in its batch; default a new id. */
  id: name.optional(),
  /** Only this member may work on it. */
  agentId: name.optional(),
  /** A text, or a message of the members' protocol. A stage of a pipeline without text or body of its own gets the answer of the stage before it. */
  input: Input,
  /** Images, audio and files beside the input; none by default. */
  parts: z.array(MediaPart).exactOptional(),
  /** Answers of a model that one attempt may use; default the member's own limit. */
  maxSteps: atLeastOne.optional(),
  /** How long one attempt may take. */
  timeout: time.optional(),
  /** When it must be over, including waiting, attempts and pauses. Milliseconds since the epoch. */
  deadline: z.number().optional(),
  /** Further attempts; those of the orchestrator by default. */
  retry: RetryPolicy.optional(),
  /** Answers of a model that all attempts together may use. */
  budgetSteps: atLeastOne.optional(),
  /** An id of the caller, kept in the result; none by default. */
  correlationId: z.string().optional(),
  /** Facts for routers and guardrails; none by default. */
  metadata: z.record(z.string(), anyJson()).optional(),
});
export type Task = z.infer<typeof Task>;
/** As a person writes it: times may be texts such as `'2m'`. */
export type TaskSpec = Omit<z.input<typeof Task>, 'parts'> & {
  /** Images, audio and files beside the input, and further texts; none by default. */
  readonly parts?: readonly InputPart[];
};

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

/** How many tasks at once: `auto` up to 64, `concurrent` up to 256, `parallel:N` up to N; or one after the other, each by itself or each with the answer of the one before it. */
export type ExecutionMode = 'auto' | 'sequential' | 'concurrent' | `parallel:${number}` | 'pipeline';

const maxConcurrency = 1_000;
const concurrencyByMode = { auto: 64, sequential: 1, concurrent: 256, pipeline: 1 } as const;

/** How many tasks a mode allows at once. Throws `definition` for an unknown mode. */
export function concurrencyOf(mode: string): number {
  if (Object.hasOwn(concurrencyByMode, mode)) return concurrencyByMode[mode as keyof typeof concurrencyByMode];
  const [, digits] = /^parallel:(\d+)$/.exec(mode) ?? [];
  const wanted = Number(digits);
  if (wanted >= 1 && wanted <= maxConcurrency) return wanted;
  throw new TroupeError(
    'definition',
    `The mode must be auto, sequential, concurrent, pipeline or parallel:N with N from 1 to ${maxConcurrency}; got ${JSON.stringify(mode)}.`,
  );
}
/** Is it a mode that `concurrencyOf` knows? */
export const isMode = (mode: unknown): mode is ExecutionMode => {
  try {
    return typeof mode === 'string' && concurrencyOf(mode) > 0;
  } catch {
    return false;
  }
};

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
