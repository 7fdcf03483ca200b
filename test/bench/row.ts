/** What a row of the benchmark is made of: some work, who does it, what of it is measured, and the goal. */
import type { Load } from './modules.ts';

/** What is measured of one round, for the whole of its work; what cannot be measured here is missing. */
export interface Sample {
  /** Microseconds of processor time, of all threads of the process. */
  readonly busy: number;
  /** Microseconds of the clock. */
  readonly wall: number;
  /** The longest time that the event loop stood still, in milliseconds. */
  readonly pause: number;
  /** Bytes that the kernel was given to write to the disk. */
  readonly written?: number;
  /** The most memory that the process has ever had, in bytes. */
  readonly peak?: number;
  /** Bytes of the journal's file at the end. */
  readonly stored?: number;
  /** Bytes of live memory that are kept. */
  readonly kept?: number;
  /** How much dearer a unit is than in a fifth of the work. */
  readonly growth?: number;
  /** Milliseconds that 99 of 100 units take at most. */
  readonly late?: number;
  /** Commits for each level of a workflow. */
  readonly commits?: number;
  /** Bytes stored for a unit of the most work, against one of the least. */
  readonly storedGrowth?: number;
  /** Percent of the ticks of a timer of ten milliseconds that came. */
  readonly ticks?: number;
  /** Modules that were loaded. */
  readonly modules?: number;
  /** Files of ours in which something was executed. */
  readonly files?: number;
  /** What a cluster of processes has used. */
  readonly cluster?: Partial<Readonly<Record<ClusterFigureName, number>>>;
}

/** Measures the part of a round that counts. */
export type Timed = (work: () => Promise<unknown>) => Promise<Sample>;

/** Does the work of one round; the result has what only the work itself can measure. */
export type Run = (timed: Timed) => Promise<Partial<Sample> | Sample>;

/** What a contestant works with. */
export interface Scope {
  /** Loads a module of the build that is measured. */
  readonly load: Load;
  /** The path of the packaged front door, as users import it. */
  readonly shipped: string;
  /** The URL of the server, where the row has one; that of its monitor, and the id of its process. */
  readonly server: string;
  readonly monitor: string;
  readonly serverPid: number;
  /** The module that a node's process runs. */
  readonly nodeProcess: string;
  /** An empty folder. */
  readonly folder: string;
  /** Called when the contestant has finished, in reverse order. */
  onEnd(close: () => unknown): void;
}

export interface Contestant {
  readonly name: string;
  /** Measured from another build as well, when there is one to compare with. */
  readonly ours?: true;
  /** Does the work so many times in a round, where once is too quick to be measured; once by default. */
  readonly times?: number;
  /** Prepares what all rounds use. `undefined`: this build cannot do it. */
  open(scope: Scope): Promise<Run | undefined> | Run | undefined;
}

/** What must be true of one contestant: its figure, or with `against` the ratio of its figure to that of another. */
export interface Goal {
  readonly of: string;
  readonly against?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A figure of a row; `figures.ts` says what each name means. */
export interface Column {
  readonly figure: FigureName;
  readonly goals?: readonly Goal[];
}

export interface Row {
  /** Short, to choose it by. */
  readonly name: string;
  readonly title: string;
  /** What one unit is called, and how many a round has. */
  readonly unit: string;
  readonly units: number;
  readonly columns: readonly Column[];
  /** The floor first: the same work by hand, without the framework. */
  readonly contestants: readonly Contestant[];
  /** Nobody does this work by hand: there is no floor, and goals are numbers or compare ours with ours. */
  readonly withoutFloor?: true;
  /** A new process for each round, for what only a new process shows. */
  readonly fresh?: true;
  /** The most rounds that are worth their time; all by default. */
  readonly rounds?: number;
  /** The configuration of a nats-server that all contestants share. */
  readonly server?: string;
}

export type FigureName =
  | 'busy'
  | 'wall'
  | 'rate'
  | 'busyRate'
  | 'written'
  | 'stored'
  | 'kept'
  | 'peak'
  | 'pause'
  | 'growth'
  | 'late'
  | 'commits'
  | 'storedGrowth'
  | 'ticks'
  | 'modules'
  | 'files'
  | ClusterFigureName;

/** Figures of a cluster of processes; `figures.ts` says what each is. */
export type ClusterFigureName =
  | 'worker'
  | 'idle'
  | 'idleShare'
  | 'atRest'
  | 'server'
  | 'client'
  | 'disk'
  | 'logged'
  | 'messages'
  | 'core'
  | 'otherCore'
  | 'serverCore'
  | 'withoutRuns'
  | 'memory'
  | 'capacity'
  | 'start'
  | 'startBusy'
  | 'answered'
  | 'log'
  | 'nodePause'
  | 'idlePause'
  | 'noticed'
  | 'noticedLate'
  | 'noticedWorst'
  | 'stale'
  | 'takenOver'
  | 'steps';
