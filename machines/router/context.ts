/** The facts of a router: how far it got, who is in rotation, what waits and what is under way. Tasks and results are in its lists. */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { Streak } from '../../src/contracts/health.ts';
import type { Json } from '../../src/contracts/json.ts';
import type {
  RetryPolicy,
  RouterInput,
  RouterOutput,
  Task,
  TaskErrorKind,
  TaskResult,
} from '../../src/contracts/task.ts';
import { nothingUsed } from '../agent/context.ts';
import type { RouterLimits } from './settings.ts';

/** A task as it is in the list. */
export interface Filed {
  readonly task: Task;
  /** When it was submitted, milliseconds since the epoch. */
  readonly since: number;
}

/** A task that waits for a place. */
export interface Queued extends Filed {
  /** Its number among all that were submitted. */
  readonly seq: number;
  /** What it is called by whoever handed it on, when it was not submitted; how far down that is, and what is left for it. */
  readonly work?: string;
  readonly depth?: number;
  readonly allowance?: Budget;
  readonly lease?: string;
  readonly degrade?: true;
  /** Whoever handed it on is paused: nobody begins with it. */
  readonly held?: boolean;
}

/** Why a job under way is being stopped. */
export type Stopping = 'timeout' | 'deadline' | 'cancelled';

/** A task that has a place: attempts, and the pauses between them. */
export interface Job extends Queued {
  readonly stage: 'choosing' | 'waiting' | 'working' | 'stopping' | 'resting';
  /** When the first attempt began; undefined while there was none. */
  readonly began: number | undefined;
  readonly attempts: number;
  readonly used: AgentUsage;
  /** Who has it, or shall have it. */
  readonly member: number | undefined;
  /** It was decided that this member and no other has it. */
  readonly fixed: boolean;
  readonly candidates: number;
  readonly reason?: string;
  /** Answers of a model that are held for the attempt, or for the choice. */
  readonly granted: number;
  readonly stopping?: Stopping;
  /** Its answer is one of several to the same task. */
  readonly part: boolean;
}

/** A member in rotation, or out of it. */
export interface Seat {
  readonly id: string;
  readonly busy: number;
  readonly taken: number;
  /** Failures of its own in a row, and when the first of them was. */
  readonly failures: number;
  readonly since: number;
  /** Milliseconds since the epoch; null while it is in rotation. */
  readonly outUntil: number | null;
  /** Back with one task; the next ones when that went well. */
  readonly trial: boolean;
  /** It is a supervisor that was started and stands. */
  readonly stands: boolean;
  /** How its latest attempts ended: what its health is told by. */
  readonly recent: readonly Streak[];
}

/** Answers to a task that all members have. */
export interface Gathering {
  readonly seq: number;
  readonly open: number;
  readonly results: readonly TaskResult[];
}

/** Nothing more is begun. */
export interface Halt {
  readonly kind: TaskErrorKind;
  readonly failure: Failure;
}

export interface RouterContext {
  /** The input until it is in the list. */
  readonly first: readonly Task[] | undefined;
  readonly shape: 'one' | 'many';
  readonly standing: boolean;
  /** It is a member itself: what it does comes as work, and how long that may take is counted for each. */
  readonly serves: boolean;
  readonly closed: boolean;
  readonly mode: string;
  readonly places: number;
  readonly limits: RouterLimits;
  /** For tasks that say nothing themselves, when a person changed it. */
  readonly retry: RetryPolicy | undefined;
  /** Something happened that may let a task begin. */
  readonly due: boolean;
  /** Tasks in the list, and how many of them were read back. */
  readonly submitted: number;
  readonly loaded: number;
  readonly answered: number;
  readonly dispatched: number;
  readonly consumed: number;
  readonly queue: readonly Queued[];
  readonly jobs: readonly (Job | null)[];
  readonly gatherings: readonly Gathering[];
  readonly seats: readonly Seat[];
  /** Whose turn it is. */
  readonly turn: number;
  /** What the stage before answered. */
  readonly previous: Json | undefined;
  /** A stage failed: the ones after it are not begun. */
  readonly broken: boolean;
  readonly halt: Halt | undefined;
  readonly used: AgentUsage;
  /** At the end. */
  readonly results: readonly TaskResult[];
}

/** A router that is a member of something gets no more than that. */
export type RouterStart = RouterInput | { readonly standing: true };

/** What it is made of comes with its first step: a chart knows nothing of settings. */
export const beginning = (input: RouterStart): RouterContext => ({
  ...('tasks' in input ? ordered(input) : { first: [], shape: 'many', mode: '', serves: true }),
  standing: input.standing === true,
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
  used: nothingUsed,
  results: [],
});

const ordered = ({ tasks, shape, mode = '' as never }: RouterInput) => ({ first: tasks, shape, mode, serves: false });

export const seatOf = (id: string): Seat => ({
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

export const openJobs = ({ jobs }: RouterContext): (Job & { readonly place: number })[] =>
  jobs.flatMap((job, place) => (job === null ? [] : [{ ...job, place }]));

export const isPipeline = ({ mode }: Pick<RouterContext, 'mode'>): boolean => mode === 'pipeline';

/** So many tasks are read ahead: enough to keep every place taken, and no more in the context than that. */
export const lookahead = ({ places }: RouterContext): number => Math.min(64, Math.max(8, 2 * places));

export const isOver = (context: RouterContext): boolean =>
  (!context.standing || context.closed) &&
  context.jobs.every((job) => job === null) &&
  (context.answered === context.submitted || (isPipeline(context) && context.broken));

export function outputOf(context: RouterContext): RouterOutput {
  const { results, mode, shape, limits, consumed, dispatched, used, halt } = context;
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
