/** What the HTTP contract of the orchestrator asks of the orchestrator. */
import type { Json, JsonObject } from '../../../values/json.ts';
import type { ApprovalView } from '../contracts/approvalViews.ts';
import type { WorkflowRunStatus, RunView, StepView } from '../contracts/runViews.ts';
import type { CallbackPayload, HeartbeatBody } from '../contracts/stepMessages.ts';
import type { WaitView } from '../contracts/waitViews.ts';
import type { HealthProbe } from '../health.ts';

/** A workflow that may be invoked. */
export interface InvocableWorkflow {
  /** Who may invoke it, as its file says; absent when it says nothing. */
  readonly auth?: {
    /** In lower case. */
    readonly header: string;
    /** `bearer`, `raw`, `hmac-sha256` or `standard-webhooks`; anything else is answered with 500. */
    readonly scheme: string;
    /** As it was written: a template of `env`, `env:NAME`, or a literal. */
    readonly secret: string;
  };
  /** The value of a variable of the environment; undefined when it is not set. */
  variable(name: string): string | undefined;
}

/** A run that is to start. */
export interface StartRun {
  readonly workflow: string;
  readonly params: JsonObject;
  /** The id that the run gets, made of an idempotency key; any id by default. */
  readonly id?: string;
}

/** Which runs are asked for. */
export interface RunQuery extends ListQuery {
  readonly workflow?: string;
  readonly status?: WorkflowRunStatus;
}

/** Which part of a list is asked for. */
export interface ListQuery {
  /** The most entries of a page, 1 to 1,000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** A part of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Where it goes on; absent at its end. */
  readonly next?: string;
}

/** One approval: the call of a step. */
export interface ApprovalKey {
  readonly run: string;
  readonly step: string;
  /** The ticket, which no other call has. */
  readonly ticket?: string;
  /** The call; the pending one by default, or the latest when none is pending. */
  readonly toolUseId?: string;
}

/** What a person decided. */
export interface ApprovalDecision extends ApprovalKey {
  readonly decision: 'approved' | 'rejected';
  readonly reason?: string;
  /** Who decides; `a person over HTTP` by default. */
  readonly by?: string;
}

/** What came of a decision: it holds, there is no such approval, there was a decision before, and the approval says which, or several wait that it may be about. */
export type DecisionResult =
  'done' | 'missing' | { readonly decided: ApprovalView } | { readonly several: readonly ApprovalView[] };

/** An answer to the question of a `wait` step. */
export interface WaitAnswer {
  readonly run: string;
  readonly step: string;
  readonly answer: Json;
  /** Who answers; `a person over HTTP` by default. */
  readonly by?: string;
}

/** What can be done with a run. */
export type RunCommand = 'cancel' | 'pause' | 'resume' | 'retry';

/**
 * What the orchestrator's contract asks for. Ids are as the service gave them: a sub-run is `parent/step`.
 * A method that rejects with a `TroupeError` answers the request with the status of its kind.
 */
export interface OrchestratorService {
  /** A root workflow by the name of its file; undefined when there is none, it cannot be read, or it is a sub-workflow. */
  workflow(name: string): Promise<InvocableWorkflow | undefined>;
  /**
   * Starts a run. With an `id`: the same workflow and parameters give the run that is there (`existed`); others reject with `conflict`.
   * Rejects with `invalid` when the parameters do not fit, naming the first field: no run exists then.
   */
  start(run: StartRun): Promise<{ readonly id: string; readonly existed: boolean }>;
  /** The run once it has ended; undefined when there is none. Rejects with `cancelled` when the signal fires first. */
  ended(id: string, signal: AbortSignal): Promise<RunView | undefined>;
  /** The newest first, sub-runs too; `next` when there are more. Rejects with `invalid` for a cursor that it did not give. */
  runs(query: RunQuery): Promise<{ readonly runs: readonly RunView[]; readonly next?: string }>;
  /** A run and its steps, in the order of their ends; undefined when there is none. */
  run(id: string): Promise<{ readonly run: RunView; readonly steps: readonly StepView[] } | undefined>;
  /** Does it. False when there is no such run; rejects with `conflict` when the run is not in a state for it. */
  command(id: string, command: RunCommand): Promise<boolean>;
  /** A runtime lives. */
  heartbeat(beat: HeartbeatBody): Promise<void>;
  /** Does the token belong to the dispatch of this step? */
  mayComplete(run: string, step: string, token: string): Promise<boolean>;
  /** The end of a step; the same one may come several times. Nobody may be waiting for it: that is no error. The token has been checked; it says which dispatch is answered. */
  complete(run: string, step: string, payload: CallbackPayload, token: string): Promise<void>;
  /** Undefined when there is none. */
  approval(key: ApprovalKey): Promise<ApprovalView | undefined>;
  /** The pending ones of all runs, the oldest first. Rejects with `invalid` for a cursor that it did not give. */
  approvals(query: ListQuery): Promise<ListPage<ApprovalView>>;
  /** All of one run, also those that are decided, the oldest first. */
  approvalsOf(run: string): Promise<readonly ApprovalView[]>;
  /** Decides about a call that waits. */
  decide(decision: ApprovalDecision): Promise<DecisionResult>;
  /** The questions of `wait` steps that wait, the oldest first. Rejects with `invalid` for a cursor that it did not give. */
  waits(query: ListQuery): Promise<ListPage<WaitView>>;
  /** Answers a question. `same`: it was answered before, and so. Rejects with `invalid` when the answer does not fit. */
  answer(answer: WaitAnswer): Promise<'done' | 'same' | 'missing' | 'answered'>;
  /** How the other components are; one that is absent is `unconfigured`. */
  readonly peers: { readonly runtime?: HealthProbe; readonly gateway?: HealthProbe };
}
