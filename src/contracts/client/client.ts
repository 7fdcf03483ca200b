/**
 * What can be done with runs, whoever asks: from code, from the command line, over HTTP, over NATS and by an assistant over MCP. One interface with an implementation that
 * has a journal; the others pass the same calls on. Errors are TroupeErrors: `invalid` for what does not fit, `unknown_recipient` for what there is not, `conflict` where
 * the state does not allow it.
 */
import type { Json, JsonObject } from '../../values/json.ts';
import type { SchedulesClient } from './schedules.ts';
import type { ArtifactInfo, Execution, ExecutionStatus, LogEntry, Page, PendingWait } from './execution.ts';

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

/** Artifacts. */
export interface ArtifactsClient {
  /** Those of a run in the order in which they were made, without their values. */
  list(
    exec: string,
    query?: {
      /** Only those with this name, and results of calls with this name. */
      readonly name?: string;
      /** Only those of this kind, such as `output` or `prompt`. */
      readonly kind?: string;
      /** Only those that this call has made: its name, invocation id or call id. */
      readonly producing_call?: string;
      /** How many at most; 100 by default. */
      readonly limit?: number;
      /** Where to go on, from the page before. */
      readonly cursor?: string;
    },
  ): Promise<Page<ArtifactInfo>>;
  /** With its value: `json` as it is; anything else as text. */
  get(
    artifact: string,
  ): Promise<ArtifactInfo & { readonly value: Json; readonly value_format: 'json' | 'text' | 'base64' }>;
  /** The bytes of its content. */
  read(artifact: string): AsyncIterable<Uint8Array>;
}

/** A deployed version. */
export interface DeploymentInfo {
  /** The name of its deployment. */
  readonly flow: string;
  /** Its number, from 1; a number is never given twice. */
  readonly version: number;
  /** Its tags that other versions may have as well. */
  readonly tags: readonly string[];
  /** Its tags that no other version has, such as `default`. */
  readonly exclusive_tags: readonly string[];
  /** When it was deployed, in milliseconds since the epoch. */
  readonly created_at: number;
  /** SHA-256 of its code, in hexadecimal. */
  readonly hash: string;
  /** JSON Schema of its input; absent when that is not known. */
  readonly input_schema?: JsonObject;
  /** The commit that was checked out when it was deployed; absent outside of a repository. */
  readonly commit_sha?: string;
  /** Did files differ from that commit? Absent outside of a repository. */
  readonly commit_dirty?: boolean;
}

/** Deployments. */
export interface DeploymentsClient {
  /** The deployed versions, the newest first. */
  list(query?: {
    /** Only versions of this deployment; of all by default. */
    readonly flow?: string;
    /** How many at most. */
    readonly limit?: number;
    /** Where to go on, from the page before. */
    readonly cursor?: string;
  }): Promise<Page<DeploymentInfo>>;
  /** One version; that with the tag `default` when neither a number nor a tag is given. */
  get(
    flow: string,
    which?: {
      /** Its number, from 1. */
      readonly version?: number;
      /** A tag that it alone has; give it or `version`, not both. */
      readonly tag?: string;
    },
  ): Promise<DeploymentInfo>;
  /** Deploys a file as the next version of its flow. The first version gets the tag `default`. */
  create(
    file: string,
    options?: {
      /** The name of the deployment; that of the definition by default. */
      readonly name?: string;
      /** Tags of the new version; none by default. */
      readonly tags?: readonly string[];
      /** Do the tags move here from other versions? False by default. */
      readonly exclusive?: boolean;
      /** Fields of the input for callers that do not give them; none by default. */
      readonly input?: JsonObject;
    },
  ): Promise<DeploymentInfo>;
  /** Starts a run of one version; of that with the tag `default` when neither a number nor a tag is given. */
  invoke(
    flow: string,
    input: Json,
    which?: {
      /** The number of the version, from 1. */
      readonly version?: number;
      /** A tag that one version has; give it or `version`, not both. */
      readonly tag?: string;
      /** The id of the new run; one is made by default. The same key and input again give the run that is there. */
      readonly key?: string;
    },
  ): Promise<Execution>;
  /** Puts a tag on a version. */
  tag(
    flow: string,
    version: number,
    tag: string,
    options?: {
      /** May only one version have it, so that it moves here? False by default; `default` always moves. */
      readonly exclusive?: boolean;
    },
  ): Promise<DeploymentInfo>;
  /** Takes a tag from a version. Rejects with `conflict` for `default`. */
  untag(flow: string, version: number, tag: string): Promise<DeploymentInfo>;
  /** Removes a version. Rejects with `conflict` while it has an exclusive tag. */
  delete(flow: string, version: number): Promise<void>;
}

/** A secret, without its values. */
export interface SecretInfo {
  /** The name under which it is stored. */
  readonly name: string;
  /** The names of its values, such as `API_KEY`. */
  readonly keys: readonly string[];
  /** Are its values for nobody but the functions of checkpoints? */
  readonly private: boolean;
  /** When it was first stored, in milliseconds since the epoch. */
  readonly created_at: number;
  /** When it was last stored, in milliseconds since the epoch. */
  readonly updated_at: number;
}

/** Secrets. Values of private ones are given to nobody but the functions of checkpoints. */
export interface SecretsClient {
  /** Makes a secret, or adds and replaces values of one; keys that are not given stay. Rejects with `conflict` for a private secret that would become public. */
  create(
    name: string,
    values: Readonly<Record<string, string>>,
    options?: {
      /** Is it private? As before by default, and true for a new one. */
      readonly private?: boolean;
    },
  ): Promise<SecretInfo>;
  /** The secrets, without their values. */
  list(query?: {
    /** How many at most; 100 by default. */
    readonly limit?: number;
    /** Where to go on, from the page before. */
    readonly cursor?: string;
  }): Promise<Page<SecretInfo>>;
  /** Removes a secret with all its values. Rejects with `unknown_recipient` when there is none. */
  delete(name: string): Promise<void>;
}

/** An access token, without the token. */
export interface TokenInfo {
  /** Its name: 1 to 64 lower-case letters, digits, `_` and `-`. */
  readonly name: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly created_at: number;
  /** When it stops working, in milliseconds since the epoch; absent for one that never does. */
  readonly expires_at?: number;
}

/** Tokens with which programs reach this over HTTP. */
export interface AuthClient {
  /** Makes a token, which is given only here. Rejects with `conflict` when there is one of this name. */
  create(
    name: string,
    options?: {
      /** How long it works, such as `12h` or `30d`; for ever by default. */
      readonly expiresIn?: string;
    },
  ): Promise<TokenInfo & { readonly token: string }>;
  /** All tokens, without the tokens themselves. */
  list(): Promise<readonly TokenInfo[]>;
  /** Makes a new token for a name, valid for as long as the one before it was, which stops working. Rejects with `unknown_recipient` when there is none. */
  rotate(
    name: string,
    options?: {
      /** How long the one before still works, such as `15m`, while programs are given the new one; not at all by default. */
      readonly keepFor?: string;
    },
  ): Promise<TokenInfo & { readonly token: string }>;
  /** Removes a token, which stops working at once. Rejects with `unknown_recipient` when there is none. */
  delete(name: string): Promise<void>;
}

/** What can be done with runs, artifacts, deployments, schedules, secrets and tokens. */
export interface TroupeClient extends AsyncDisposable {
  /** Runs: started, shown and moved. */
  readonly executions: ExecutionsClient;
  /** The values that runs have made. */
  readonly artifacts: ArtifactsClient;
  /** Deployed versions; each call rejects with `unsupported` where the client has none. */
  readonly deployments: DeploymentsClient;
  /** Schedules of deployed versions; each call rejects with `unsupported` where the client has none. */
  readonly schedules: SchedulesClient;
  /** Stored secrets; each call rejects with `unsupported` where the client has none. */
  readonly secrets: SecretsClient;
  /** Access tokens; each call rejects with `unsupported` where the client has none. */
  readonly auth: AuthClient;
}
