/** What the effects of a workflow take and give. */
import type { Failure } from '../../src/values/failure.ts';
import type { JsonObject } from '../../src/values/json.ts';
import type { WaitInput } from '../../src/contracts/wait.ts';
import type { ApprovalNotice } from '../../src/contracts/workflow/approval.ts';
import type { StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import type { StepEnd, StepRecord, WorkflowOutput } from '../../src/contracts/workflow/step.ts';
import type { Resolved, Sealed, WorkflowValues } from '../../src/contracts/workflow/values.ts';

/** What a workflow starts with. It is kept in the list `start`, because its expressions read it as long as it runs. */
export interface WorkflowStart {
  /** Its parameters, checked and with their defaults; sealed ones are not among them. */
  readonly params: JsonObject;
  /** How sealed parameters are found again, as `params.NAME`; none by default. */
  readonly sealed?: Readonly<Record<string, Sealed>>;
  /** How many workflows are around it. */
  readonly depth?: number;
  /** The steps above it, from the root on, such as `part/each.2`; absent in a root. */
  readonly within?: string;
  /** Whether its webhooks are sent; false where one of both sides has not agreed. */
  readonly webhooks?: boolean;
  /** What it may cost, in US dollars, when that is less than its own budget. */
  readonly budgetUsd?: number;
}

/** The request of a webhook, before secrets are put in. */
export interface WebhookRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** The secret that signs it, null before it is put in; absent when it is not signed. */
  readonly sign?: string | null;
}

/** The input of the effect `webhook`. */
export interface WebhookInput {
  readonly step: string;
  readonly request: Resolved<WebhookRequest>;
  /** Milliseconds. */
  readonly timeout: number;
  readonly idempotent: boolean;
}

/** The input of a fan-out: the step, and what the expressions of its items read. */
export interface FanOutInput {
  readonly step: string;
  readonly values: WorkflowValues;
  readonly depth: number;
  /** As that of its workflow. */
  readonly within?: string;
  /** What all items together may cost, in US dollars; no limit by default. */
  readonly budgetUsd?: number;
  /** Whether the webhooks of a sub-workflow are sent. */
  readonly webhooks: boolean;
}

/** What a step needs to be begun. */
export type StepStart =
  | { readonly kind: 'agent'; readonly input: StoredAgentTask }
  | { readonly kind: 'webhook'; readonly input: WebhookInput }
  | { readonly kind: 'workflow'; readonly input: WorkflowStart }
  | { readonly kind: 'wait'; readonly input: WaitInput }
  /** Items that are actors. */
  | { readonly kind: 'fanOut'; readonly input: FanOutInput }
  /** Items that are functions. They are done in the workflow's own actor, which has what they read. */
  | { readonly kind: 'items'; readonly input: { readonly step: string } };

/** A step that begins. */
export interface StepDispatch {
  readonly step: string;
  readonly start: StepStart;
  /** Milliseconds for one attempt; no limit by default. */
  readonly timeout?: number;
  /** Further attempts, and the first pause in milliseconds. */
  readonly retry?: { readonly max: number; readonly backoff: number };
  /** What is reserved of the budget, in US dollars. */
  readonly reservedUsd?: number;
}

/** The input of the effect `decide`. */
export interface DecideInput {
  /** How many records the list has: another number is another decision. */
  readonly records: number;
  /** The steps that have begun and not ended, and those that wait for their next attempt. */
  readonly busy: readonly string[];
  /** What was spent, and what is reserved for steps that have begun; US dollars. */
  readonly spentUsd: number;
  readonly reservedUsd: number;
}

/** What follows from the steps that have ended. */
export interface Decision {
  /** Steps that have ended without being begun: transforms, and those that were skipped or whose expressions failed. In order. */
  readonly finished: readonly StepRecord[];
  readonly dispatch: readonly StepDispatch[];
  /** There is more to decide at once: what was decided so far is kept first. */
  readonly more?: true;
  /** The end of the workflow; absent while it goes on. */
  readonly end?: WorkflowEnd;
}

/** The end of a workflow: for itself, and as a step of another one. */
export interface WorkflowEnd {
  readonly output: WorkflowOutput;
  /** Judged as the step that it is; absent for a root workflow. */
  readonly step?: StepEnd;
}

/** The input of the effect `prepareItems`: which items are begun next. */
export interface ItemsRequest {
  readonly step: string;
  /** The first item, from 0. */
  readonly from: number;
  /** How many at most. */
  readonly count: number;
  /** Items before `from` that are begun again; they come first. */
  readonly again: readonly number[];
  /** How many are under way. */
  readonly running: number;
  /** What they may cost together, in US dollars, beside what is reserved for those under way; no limit by default. */
  readonly budgetUsd?: number;
}

/** Items that can be begun. */
export interface PreparedItems {
  /** How many items there are in all. */
  readonly total: number;
  /** How many of them run at once. */
  readonly concurrency: number;
  /** Further attempts of an item, and the first pause in milliseconds. */
  readonly retry?: StepDispatch['retry'];
  /** What is reserved of the budget for each, in US dollars. */
  readonly reservedUsd?: number;
  /** Those asked for, in order; one whose expressions failed has its failure. */
  readonly items: readonly (
    | { readonly item: number; readonly start: Exclude<StepStart, { kind: 'fanOut' | 'items' | 'webhook' }> }
    | { readonly item: number; readonly failure: Failure }
  )[];
}

/** The result of an item, in the list `results` of a fan-out. */
export interface ItemResult {
  readonly item: number;
  readonly end: StepEnd;
}

/** The input of the effect `notify`: a call that waits for a person. */
export type NotifyInput = Omit<ApprovalNotice, 'type'>;
