/** What can be done with runs. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { Execution, ExecutionStatus, LogEntry, Page, PendingWait } from './execution.ts';

/** Which runs are listed. Every field may be left out. */
export interface ExecutionQuery {
  /** The exact name of the definition. */
  readonly flow?: string;
  /** Only runs with this status. */
  readonly status?: ExecutionStatus;
  /** How many at most; 20 by default, 200 at most. */
  readonly limit?: number;
  /** Where to go on, from the page before. */
  readonly cursor?: string;
}

/** Which lines are given. Every field may be left out. */
export interface LogQuery {
  /** Only of calls with this name or invocation id. */
  readonly checkpoint?: string;
  /** `step`: of calls; `runner`: of the run itself. Both by default. */
  readonly source?: LogEntry['source'];
  /** Only what follows this line. */
  readonly after?: number;
  /** How many at most; 200 by default. */
  readonly limit?: number;
}

/** How a run is replayed. Every field may be left out, but one of `from` and `overrides` is needed. */
export interface ReplayOptions {
  /** The call from which it is performed anew: its name, invocation id or call id. */
  readonly from?: string;
  /** Results that are given instead of those recorded: `checkpoint.<selector>`, `wait.<selector>`, `signal.<selector>`, `child.<selector>`. */
  readonly overrides?: Readonly<Record<string, Json>>;
  /** In the overrides, dates, maps and other values that JSON does not have are written with a tag, such as `{ "$": "date", "value": 0 }`. False by default. */
  readonly encoded?: boolean;
  /** Fields of the input that are replaced. */
  readonly input?: JsonObject;
  /** The key of the new run; one is made by default. */
  readonly key?: string;
}

/** What a replay takes and what it performs. */
export interface ReplayPlan {
  /** The run that is replayed. */
  readonly exec_id: string;
  /** The invocation ids whose results are taken, in order. */
  readonly reused: readonly string[];
  /** Those that are performed anew. */
  readonly rerun: readonly string[];
  /** Those whose result is given. */
  readonly overridden: readonly string[];
}

/** Runs. */
export interface ExecutionsClient {
  /** Starts a definition by its name among those that the process knows, by its file, or by its deployment: exactly one of them, otherwise it rejects with `invalid`. */
  start(
    target: {
      /** The name of a definition that the process knows. */
      readonly flow?: string;
      /** The path of a file with a definition. */
      readonly file?: string;
      /** The name of a deployed flow. */
      readonly deployment?: string;
      /** The number of its version, from 1. Without it and `tag`, the version with the tag `default`. */
      readonly version?: number;
      /** The tag of its version; give it or `version`, not both. */
      readonly tag?: string;
    },
    input: Json,
    options?: {
      /** The id of the new run; one is made by default. The same key and input again give the run that is there. */
      readonly key?: string;
    },
  ): Promise<Execution>;
  /** The run with its calls and artifacts. Rejects with `unknown_recipient` when there is none. */
  get(exec: string): Promise<Execution>;
  /** The newest first. */
  list(query?: ExecutionQuery): Promise<Page<Execution>>;
  /** The newest that fits. Rejects with `unknown_recipient` when there is none. */
  latest(query?: Pick<ExecutionQuery, 'flow' | 'status'>): Promise<Execution>;
  /** The lines of its log that fit, the first ones first. */
  logs(exec: string, query?: LogQuery): Promise<readonly LogEntry[]>;
  /** The lines as they come, from `after` on, until the run has ended or the signal fires. */
  follow(exec: string, query?: Omit<LogQuery, 'limit'>, signal?: AbortSignal): AsyncIterable<LogEntry>;
  /** The questions that are open; of all runs without one. */
  pendingWaits(exec?: string): Promise<readonly PendingWait[]>;
  /** Answers a wait by its name or id; without one, the only open one. */
  input(
    exec: string,
    answer: {
      /** The name or the id of the wait; the only open one by default. */
      readonly wait?: string;
      /** The answer. Rejects with `invalid` when it does not fit the schema of the wait, which stays open. */
      readonly value: Json;
      /** Who answers; the name that the client was made with by default. */
      readonly by?: string;
    },
  ): Promise<Execution>;
  /** Withdraws a wait, which ends the run. */
  abortWait(
    exec: string,
    options?: {
      /** The name or the id of the wait; the only open one by default. */
      readonly wait?: string;
      /** Why, for the record; `withdrawn` by default. */
      readonly reason?: string;
      /** Who withdraws it; the name that the client was made with by default. */
      readonly by?: string;
    },
  ): Promise<Execution>;
  /** Sends a value for `ctx.signal(name)`. */
  signal(exec: string, name: string, value: Json): Promise<void>;
  /** Goes on with a run that failed, where it failed. */
  retry(exec: string): Promise<Execution>;
  /** Goes on with a run that no process has, or that was paused. */
  resume(exec: string): Promise<Execution>;
  /** Lets a run finish what it does and begin nothing new, until it is resumed. Rejects with `conflict` when it has ended. */
  pause(exec: string): Promise<Execution>;
  /** What a replay would do. */
  plan(exec: string, options: ReplayOptions): Promise<ReplayPlan>;
  /** Begins a new run with the results of another one. */
  replay(exec: string, options: ReplayOptions): Promise<Execution>;
  /** Ends a run; its calls are told to stop. Rejects with `conflict` when it has ended. */
  cancel(
    exec: string,
    options?: {
      /** Why, for the record; `cancelled` by default. */
      readonly reason?: string;
    },
  ): Promise<Execution>;
  /** How two runs differ: their calls, results and durations. */
  diff(exec: string, other: string): Promise<JsonObject>;
  /** Deletes runs that ended long ago, with all data that only they refer to. Resolves to how many. Rejects with `invalid` for what is no duration. */
  prune(options: {
    /** How long ago they ended, such as `30d`. */
    readonly olderThan: string;
  }): Promise<{ readonly runs: number }>;
}
