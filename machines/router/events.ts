/** The events of a router: commands, work, budget messages, its timers, and the ends of its children. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { RunOutput } from '../../src/contracts/run.ts';
import type { RouterSignal } from '../../src/contracts/orchestration.ts';
import type { Task } from '../../src/contracts/task.ts';
import type { TaskResult } from '../../src/contracts/taskResult.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Work, WorkDone, WorkSignal } from '../../src/contracts/work.ts';
import type { SubmittedTask } from './context.ts';
import type { RouterTimerEvent } from './draft.ts';

/** The input of `load`: which tasks of the list are read back. */
export interface LoadInput {
  readonly from: number;
  readonly count: number;
}
/** The input of a selector. */
export interface SelectionInput {
  /** The task that is to be given to one of them. */
  readonly task: Task;
  /** The members in rotation that may have the task, in the order of the settings. */
  readonly candidates: readonly {
    /** The member's id, which the selector returns to choose it. */
    readonly id: string;
    /** The role from the member's definition; absent when it has none. */
    readonly role?: string;
  }[];
}
/** What a selector decided. */
export interface SelectionOutput {
  /** The id of one of the candidates. */
  readonly member: string;
  /** Why, for people. */
  readonly reason?: string;
  /** What the choice used, if a model was asked. */
  readonly usage?: AgentUsage;
}

export type RouterEvent =
  | RouterSignal
  | Work
  | WorkDone
  | WorkSignal
  | TreasuryLease
  | TreasuryAnswer
  | RouterTimerEvent
  | { type: 'router.settled' }
  /** From the engine: the deadline that the run was started with has passed. */
  | { type: 'troupe.deadline' }
  | DoneActorEvent<readonly SubmittedTask[], 'load'>
  | DoneActorEvent<readonly TaskResult[], 'collect'>
  | DoneActorEvent<AgentOutput | RunOutput, `task.${number}`>
  | ErrorActorEvent<unknown, `task.${number}`>
  | DoneActorEvent<SelectionOutput, `select.${number}`>
  | ErrorActorEvent<unknown, `select.${number}`>
  | DoneActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `standing.${string}`>
  | DoneActorEvent<unknown, 'guard'>
  | ErrorActorEvent<unknown, 'guard'>
  | ErrorActorEvent;

/** The event of a type. */
export type RouterEventOf<T extends string> = Extract<RouterEvent, { type: T }>;
