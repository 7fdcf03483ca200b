/** The inputs and outputs of the effects of an agent step. The task, its tools and the conversation are in lists of the actor, which the effects read. */
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import type { AgentTask, AgentTaskServer, StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import type { Resolved } from '../../../src/contracts/workflow/values.ts';
import type { Json } from '../../../src/values/json.ts';
import type { FailedAttempts, ProviderContent, ToolCall, ToolInfo, Usage } from '../../../src/contracts/model.ts';
import type { ToolRequest } from '../../agent/effectTypes.ts';

/** The lists of an agent step. */
export const stepLists = {
  /** One entry: the task as it is stored, with the user message only in the transcript. */
  task: 'task',
  /** One entry: the tools that may be called. */
  tools: 'tools',
  /** The conversation, beginning with the user message. */
  transcript: 'transcript',
  /** The conversation of the reflection, beginning with the draft. */
  reflection: 'reflection',
} as const;

/** What the list `task` holds. */
export type KeptAgentTask = Resolved<Omit<AgentTask, 'user'>>;

/** A tool server whose secrets are sealed. */
export type StoredServer = Resolved<AgentTaskServer>;

/** A tool that the step may call. */
export interface StepTool {
  /** The place of its server in the task, from 0. */
  readonly server: number;
  /** The tool as its server lists it. */
  readonly info: ToolInfo;
  /** Performing a call again under the same key changes nothing. */
  readonly idempotent: boolean;
}

/** The input of `discover`. */
export interface StepDiscoveryInput {
  /** How many servers there are. */
  readonly servers: number;
}

/** The output of `discover`: each name once. */
export interface StepDiscovery {
  /** The allowed tools, in the order of the servers. */
  readonly tools: readonly StepTool[];
}

/** The input of `ask`. */
export interface StepQuestion {
  /** `task`: the next answer of the main loop. `reflection`: the draft is reviewed. */
  readonly about: 'task' | 'reflection';
  /** Which call of a model this is in the step; 1 for the first. */
  readonly number: number;
  /** Whether tools are offered. Calls that are made without an offer are dropped. */
  readonly offer: boolean;
  /** What the step has cost so far, in US dollars. */
  readonly spent: number;
}

/** A call of a tool as the server performs it. */
export interface StepToolRequest extends ToolRequest {
  /** The server of the tool. */
  readonly server: StoredServer;
}

/** A call of a sub-agent. */
export interface SubAgentCall {
  readonly id: string;
  /** The name of the tool that it is. */
  readonly name: string;
  /** What the model gave. */
  readonly input: Json;
}

/** The input of `brief`: the calls that begin together. */
export interface SubAgentBriefing {
  readonly calls: readonly SubAgentCall[];
  /** What each of them may cost, in US dollars; absent when there is no limit. */
  readonly budgetUsd?: number;
}

/** The output of `brief` for each call: the task, or why there is none, in words for the model. */
export type BriefedCall = { readonly task: StoredAgentTask } | { readonly why: string };

/** The rule for a call that a person must agree to. */
export type CallGate = Pick<AgentTaskServer['approvals'][number], 'onReject' | 'timeout' | 'timeoutBehavior'>;

/** A call as it was parsed. `run`: it is made, once a person agrees if there is a gate. `agent`: a sub-agent works on it. `refused`: the model is told why it is not made. `unknown`: the same, and a second one fails the step. */
export type StepCall =
  | {
      readonly how: 'run';
      readonly request: StepToolRequest;
      /** A person must agree to it; absent when nobody must. */
      readonly gate?: CallGate;
    }
  | ({ readonly how: 'agent' } & SubAgentCall)
  | {
      readonly how: 'refused' | 'unknown';
      readonly id: string;
      readonly name: string;
      /** In words that the model is shown. */
      readonly why: string;
    };

/** What an answer says. */
export type StepReply =
  | { readonly kind: 'calls'; readonly calls: readonly StepCall[] }
  /** Calls that are not made, because no tools were offered, and no text. */
  | { readonly kind: 'nothing' }
  /** It is not one JSON object. */
  | { readonly kind: 'unreadable' }
  /** It breaks the schema. */
  | {
      readonly kind: 'violating';
      /** What the model is asked to correct. */
      readonly correction: string;
      /** The end of the step when it is not corrected, without metrics. */
      readonly end: StepEnd;
    }
  | {
      readonly kind: 'draft';
      /** The end of the step with this draft, without metrics. */
      readonly end: StepEnd;
      /** The draft as JSON, when it must be reflected upon; absent otherwise. */
      readonly reflect?: string;
    };

/** The output of `ask`. */
export interface StepAnswer {
  /** What the model wrote, without secrets. */
  readonly text: string;
  /** The calls as the model made them; those that are dropped are not among them. */
  readonly calls: readonly ToolCall[];
  /** The tokens and the price of this answer. */
  readonly usage: Usage;
  /** What failed attempts at this answer used beside it; absent when there were none. */
  readonly failed?: FailedAttempts;
  /** `provider:model`, as it answered. */
  readonly model: string;
  /** What the provider wants back with this answer, unchanged; nothing by default. */
  readonly provider?: ProviderContent;
  /** What it says. */
  readonly says: StepReply;
}
