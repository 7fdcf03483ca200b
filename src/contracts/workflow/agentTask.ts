/** The work of one agent step: all that a loop of model and tools needs, without the workflow around it. The HTTP contract of the runtime has the same fields. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { AgentFile, ApprovalRule } from './agentFile.ts';
import type { Resolved, Sealed } from './values.ts';

/** A tool server, with everything resolved. */
export interface AgentTaskServer {
  readonly name: string;
  readonly address:
    | { readonly url: string; readonly transport?: 'http' | 'sse' }
    | { readonly command: string; readonly args: readonly string[] };
  /** Allowed tools: a name, `prefix-*`, or `*`. */
  readonly allow: readonly string[];
  /** The header that authenticates; null in it stands for a sealed value. */
  readonly auth?: { readonly header: string; readonly value: string | null };
  /** Sent when the connection is opened; null stands for a sealed value. */
  readonly params?: Readonly<Record<string, Json>>;
  readonly persistentId?: string;
  /** By pattern; the first that fits holds. */
  readonly approvals: readonly (ApprovalRule & { readonly pattern: string })[];
}

/** An agent that the agent of a task may call like a tool. */
export interface AgentTaskSubAgent {
  /** The name of the tool. */
  readonly tool: string;
  readonly description: string;
  /** JSON Schema of the arguments: its parameters without the secret ones. */
  readonly input: JsonObject;
  /** The agent, with the model groups that are really used. */
  readonly agent: AgentFile;
  /** How its secret parameters are found again: they are those of its caller with the same names. */
  readonly secrets: Readonly<Record<string, Sealed>>;
}

/** What an agent is to do. */
export interface AgentTask {
  /** The run that the step belongs to, where that is not the one of its actor. */
  readonly run?: string;
  /** The id of the step in its workflow, with `.N` for an item. */
  readonly step: string;
  readonly agent: string;
  /** The system prompt, as it was written. */
  readonly system: string;
  readonly user: string;
  /** The prompt of the reflection; absent when there is none. */
  readonly reflect?: string;
  readonly confidenceThreshold?: number;
  /** At least 1. */
  readonly maxTurns: number;
  readonly model: { readonly group: string; readonly maxTokens: number };
  readonly servers: readonly AgentTaskServer[];
  /** The agents that it may call like tools; absent when there are none. */
  readonly subAgents?: readonly AgentTaskSubAgent[];
  /** JSON Schema that the answer must fit. The model is shown it. */
  readonly output: JsonObject;
  /** JSON Schema of the step, which the answer must fit as well; absent when it has none. */
  readonly stepOutput?: JsonObject;
  /** What it may cost, in US dollars; no limit by default. */
  readonly budgetUsd?: number;
}

/** An agent task as it is stored: secrets are sealed. */
export type StoredAgentTask = Resolved<AgentTask>;
