/** The context of a router: its members in rotation, the tasks that wait and those under way. All tasks and results are in its lists. */
import type { AgentOutput, AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Streak } from '../../src/contracts/health.ts';
import type { MediaPart } from '../../src/contracts/media.ts';
import type { Json } from '../../src/values/json.ts';
import type { RouterInput, RouterOutput } from '../../src/contracts/orchestration.ts';
import type { RetryPolicy, Task } from '../../src/contracts/task.ts';
import type { TaskErrorKind, TaskResult } from '../../src/contracts/taskResult.ts';
import type { Work } from '../../src/contracts/work.ts';
import { zeroUsage } from '../usage.ts';
import { makeFailure } from '../failure.ts';
import { failedOutput } from '../memberOutput.ts';
import { onlyWork, type SingleWorkInput } from '../member.ts';
import type { RouterLimits } from './settings.ts';

/** A task as it is in the list `tasks`. */
export interface SubmittedTask {
  readonly task: Task;
  /** When it was submitted, milliseconds since the epoch. */
  readonly since: number;
}

/** A task that waits. */
export interface QueuedTask extends SubmittedTask {
  /** Its number among all that were submitted. */
  readonly seq: number;
  /** The id that its sender gave it, when it was handed on as work and not submitted. */
  readonly work?: string;
  /** How many levels above handed it on. */
  readonly depth?: number;
  /** What may be used up for it. */
  readonly allowance?: Budget;
  /** The name under which its sender may be asked for more. */
  readonly lease?: string;
  /** Cheaper models go on when the allowance runs short. */
  readonly degrade?: true;
  /** Its sender is paused: it is not begun. */
  readonly held?: boolean;
}

/** Why a job under way is being stopped. */
export type StopReason = 'timeout' | 'deadline' | 'cancelled';

/** What is known of a task that has a slot, whatever its stage. */
interface JobFacts extends QueuedTask {
  /** When the first attempt began; undefined while there was none. */
  readonly began: number | undefined;
  readonly attempts: number;
  readonly used: AgentUsage;
  /** The member is decided, and no other may have it. */
  readonly fixed: boolean;
  /** How many members could have had it. */
  readonly candidates: number;
  /** Why the selector chose the member. */
  readonly reason?: string;
  /** Answers of a model that are reserved for the attempt, or for the choice. */
  readonly granted: number;
  readonly stopping?: StopReason;
  /** Its answer is one of several to the same task. */
  readonly part: boolean;
}

/** A task with an attempt under way. */
export interface ActiveTaskJob extends JobFacts {
  readonly stage: 'working' | 'stopping';
  /** The number of the member that works on it. */
  readonly member: number;
}

/** A task that has a slot: its attempts, and the pauses between them. */
export type TaskJob =
  | ActiveTaskJob
  | (JobFacts & {
      readonly stage: 'choosing' | 'waiting' | 'resting';
      /** The number of the member that had the latest attempt, or that was chosen. */
      readonly member: number | undefined;
    });

export const isActiveJob = (job: TaskJob | null | undefined): job is ActiveTaskJob =>
  job?.stage === 'working' || job?.stage === 'stopping';

/** A member in rotation, or out of it. */
export interface RotationEntry {
  readonly id: string;
  /** Attempts under way. */
  readonly busy: number;
  /** Attempts in all. */
  readonly taken: number;
  /** Failures of its own in a row. */
  readonly failures: number;
  /** When the first of them was; milliseconds since the epoch. */
  readonly since: number;
  /** When it comes back; milliseconds since the epoch. Null while it is in rotation. */
  readonly outUntil: number | null;
  /** Why it failed last by its own fault, in words; missing or empty while it has not, or has answered since. */
  readonly why?: string;
  /** It is back with one task at a time, until one succeeds. */
  readonly trial: boolean;
  /** It is a supervisor, and was started. */
  readonly stands: boolean;
  /** How its latest attempts ended: its health follows from that. */
  readonly recent: readonly Streak[];
}

/** The answers so far to a task that all members have. */
export interface BroadcastResults {
  readonly seq: number;
  /** How many answers are still to come. */
  readonly open: number;
  readonly results: readonly TaskResult[];
}

/** Why no further task is begun. */
export interface RouterHalt {
  readonly kind: TaskErrorKind;
  readonly failure: Failure;
}

export interface RouterContext {
  /** The input until it is in the list. */
  readonly first: readonly Task[] | undefined;
  /** The only piece of work of a router that ends with it, and how that ended. */
  readonly only?: Work;
  readonly output?: AgentOutput;
  /** `one`: the result is that of the only task. */
  readonly shape: 'one' | 'many';
  /** It goes on when it has nothing to do, until it is closed. */
  readonly standing: boolean;
  /** It is a member itself: its tasks come as work, and the deadline is counted for each of them. */
  readonly serves: boolean;
  /** No further task will be submitted. */
  readonly closed: boolean;
  readonly mode: string;
  /** How many tasks the mode allows at once. */
  readonly places: number;
  readonly limits: RouterLimits;
  /** The policy for tasks that have none, once a person has changed it. */
  readonly retry: RetryPolicy | undefined;
  /** Something happened that may let a task begin. */
  readonly due: boolean;
  /** How many tasks are in the list, and how many of them were read back. */
  readonly submitted: number;
  readonly loaded: number;
  /** Tasks that have a result. */
  readonly answered: number;
  /** Tasks of which an attempt was begun. */
  readonly dispatched: number;
  /** Answers of a model that were used. */
  readonly consumed: number;
  readonly queue: readonly QueuedTask[];
  readonly jobs: readonly (TaskJob | null)[];
  readonly gatherings: readonly BroadcastResults[];
  readonly seats: readonly RotationEntry[];
  /** The number of the member whose turn it is. */
  readonly turn: number;
  /** The answer of the previous stage of a pipeline. */
  readonly previous: Json | undefined;
  /** Images, audio and files that belong to it; none when absent. */
  readonly previousParts?: readonly MediaPart[];
  /** A task failed; in a pipeline the stages after it are not begun. */
  readonly broken: boolean;
  readonly halt: RouterHalt | undefined;
  readonly used: AgentUsage;
  /** All results, at the end. */
  readonly results: readonly TaskResult[];
}

/** The input: tasks; `{ standing: true }` alone for a router that is a member of something; or one piece of work, with which it ends. */
export type RouterMachineInput = RouterInput | { readonly standing: true } | SingleWorkInput;

/** The initial context. Those that depend on settings follow in the first step, because the chart does not know its settings. */
export const initialRouterContext = (input: RouterMachineInput): RouterContext => ({
  ...('tasks' in input
    ? { first: input.tasks, shape: input.shape, mode: input.mode ?? '', serves: false }
    : { first: [], shape: 'many', mode: '', serves: true }),
  ...('type' in input ? { only: onlyWork(input) } : {}),
  standing: 'standing' in input && input.standing === true,
  closed: false,
  places: 0,
  limits: { maxConcurrentTasks: null, maxTotalSteps: null, maxTotalTasks: null },
  retry: undefined,
  due: false,
  submitted: 0,
  loaded: 0,
  answered: 0,
  dispatched: 0,
  consumed: 0,
  queue: [],
  jobs: [],
  gatherings: [],
  seats: [],
  turn: 0,
  previous: undefined,
  broken: false,
  halt: undefined,
  used: zeroUsage,
  results: [],
});

export const initialRotationEntry = (id: string): RotationEntry => ({
  id,
  busy: 0,
  taken: 0,
  failures: 0,
  since: 0,
  outUntil: null,
  trial: false,
  stands: false,
  recent: [],
});

/** A job with the index of its slot. */
export type SlottedJob = TaskJob & { readonly slotIndex: number };

export const openJobs = ({ jobs }: RouterContext): SlottedJob[] =>
  jobs.flatMap((job, slotIndex) => (job === null ? [] : [{ ...job, slotIndex }]));

export const isPipeline = ({ mode }: Pick<RouterContext, 'mode'>): boolean => mode === 'pipeline';

/** How many tasks are read ahead: enough to keep every slot taken, and few enough to keep the context small. */
export const lookahead = ({ places }: RouterContext): number => Math.min(64, Math.max(8, 2 * places));

export const isRouterDone = (context: RouterContext): boolean =>
  (!context.standing || context.closed) &&
  context.jobs.every((job) => job === null) &&
  (context.answered === context.submitted || (isPipeline(context) && context.broken));

export function routerOutputOf(context: RouterContext): RouterOutput | AgentOutput {
  const { results, mode, shape, limits, consumed, dispatched, used, halt, only, output } = context;
  if (only)
    return output ?? failedOutput(halt?.failure ?? makeFailure('internal', 'The work ended without an outcome.'));
  const over = {
    results: [...results],
    shape: mode === 'pipeline' ? ('pipeline' as const) : shape,
    budget: { ...limits, consumedSteps: consumed, dispatchedTasks: dispatched },
    usage: used,
  };
  if (halt === undefined) return { status: 'completed', ...over };
  if (halt.kind === 'cancelled') return { status: 'cancelled', reason: halt.failure.message, ...over };
  return { status: 'failed', failure: halt.failure, ...over };
}
