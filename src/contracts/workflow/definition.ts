/** A workflow as it is run: its files are read, checked and joined. The texts of expressions are as they were written. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { SecretSource } from './values.ts';

/** A variable of the environment that a workflow may read. */
export interface EnvironmentVariable {
  readonly name: string;
  /** Its value is never shown or stored. */
  readonly secret: boolean;
  /** Taken when the variable is not set; without one it must be set. */
  readonly default?: string;
}

/** Who may invoke a workflow over HTTP. */
export interface InvokeAuthentication {
  /** The header that is compared, in lower case. */
  readonly header: string;
  /** `bearer`: the value follows `Bearer `; `raw`: it is the whole header. */
  readonly scheme: 'bearer' | 'raw';
  /** The secret, as it was written: a template of `env`, `env:NAME`, or a literal. */
  readonly secret: string;
}

/** A workflow: its steps, and what holds for all of them. */
export interface WorkflowDefinition {
  readonly kind: 'workflow';
  /** The name of its file without `.workflow.yaml`. */
  readonly name: string;
  /** The absolute path of its file. */
  readonly file: string;
  readonly version?: string;
  readonly description?: string;
  /** A sub-workflow cannot be invoked by itself. */
  readonly visibility: 'root' | 'sub-workflow';
  /** Whether its webhooks are sent when it is a step of another workflow. */
  readonly webhooks: 'execute' | 'suppress';
  /** JSON Schema of its parameters; absent when anything is accepted. */
  readonly params?: JsonObject;
  readonly env: readonly EnvironmentVariable[];
  readonly auth?: InvokeAuthentication;
  /** In the order of the file. */
  readonly steps: readonly StepDefinition[];
  readonly output: {
    /** JSON Schema of the result; absent when anything may be. */
    readonly schema?: JsonObject;
    /** Expressions of the fields of the result. At most one of `map` and `from`. */
    readonly map?: Readonly<Record<string, Json>>;
    /** The step whose output is the result; the last one that completed by default. */
    readonly from?: string;
  };
  readonly policy: {
    /** What the whole run may cost, in US dollars. */
    readonly budgetUsd?: number;
    /** How long the whole run may take, in milliseconds. */
    readonly timeout?: number;
    /** How many steps run at once; 16 by default. */
    readonly concurrency?: number;
    /** Replaces the model group of every step. */
    readonly forceGroup?: string;
    /** Replaces model groups by their names. */
    readonly groupMap?: Readonly<Record<string, string>>;
  };
  /** The values of the declared variables that are not secret, as they were when the files were read. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gives the values of secrets when an effect needs them. */
  readonly secrets: SecretSource;
}

/** One step: what all kinds have in common, and its own part. */
export type StepDefinition = StepCommon & StepWork;

/** What a step of any kind may have. */
export interface StepCommon {
  readonly id: string;
  /** The line of the step in its file, from 1. */
  readonly line: number;
  /** The steps that must have ended before: those it names, and those that its expressions read. */
  readonly after: readonly string[];
  /** The expression that decides whether it runs; absent when it always does. */
  readonly condition?: string;
  /** Parameters, as they were written. */
  readonly params: Readonly<Record<string, Json>>;
  /** JSON Schema that its output must fit; names of reserved outputs are taken out of `required`. */
  readonly schema?: JsonObject;
  /** The least `ktsu_confidence` with which its output is accepted, 0 to 1. */
  readonly confidenceThreshold?: number;
  readonly forEach?: ForEach;
  /** Further attempts after a failure; none by default. */
  readonly retry?: {
    readonly max: number;
    /** The first pause in milliseconds, doubled after each attempt; 1,000 by default. */
    readonly backoff: number;
  };
  /** How long one attempt may take, in milliseconds; no limit by default. */
  readonly timeout?: number;
  /** `fail`: its failure fails the run, the default. `continue`: its output is `{ error }`, and the run goes on. `skip`: it counts as skipped. */
  readonly onError: 'fail' | 'continue' | 'skip';
  /** How long a result of the same step with the same input is taken again, in milliseconds; never by default. */
  readonly cache?: number;
}

/** How a step is done once for each item of a list. */
export interface ForEach {
  /** The expression of the list. */
  readonly from: string;
  /** How many at once; all by default. */
  readonly concurrency?: number;
  /** How many items are taken; all by default. */
  readonly maxItems?: number;
  /** How many items may fail; 0 by default, any number with -1. */
  readonly maxFailures: number;
}

/** What a step does: exactly one of these. */
export type StepWork =
  | {
      readonly kind: 'agent';
      readonly agent: AgentFile;
      readonly model: { readonly group?: string; readonly maxTokens?: number };
    }
  | { readonly kind: 'transform'; readonly transform: TransformDefinition }
  | { readonly kind: 'webhook'; readonly webhook: WebhookDefinition; readonly onApproval: boolean }
  | {
      readonly kind: 'workflow';
      readonly workflow: WorkflowDefinition;
      /** Further parameters, as expressions. */
      readonly input: Readonly<Record<string, Json>>;
      /** Whether the webhooks of the sub-workflow are sent, if it says so, too. */
      readonly webhooks: 'execute' | 'suppress';
    }
  | { readonly kind: 'wait'; readonly wait: WaitDefinition };

/** The kinds of steps. */
export type StepKind = StepWork['kind'];

/** A question to a person. */
export interface WaitDefinition {
  /** What is asked; a template. */
  readonly question: string;
  /** JSON Schema of the answer; any object by default. */
  readonly schema: JsonObject;
  /** How long it may take, in milliseconds; seven days by default. */
  readonly deadline: number;
  /** Taken when nobody answers; without one the step fails. */
  readonly default?: Json;
}

/** A request to another system. */
export interface WebhookDefinition {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of the JSON body, with typed values. */
  readonly body: Readonly<Record<string, Json>>;
  /** Milliseconds; 30,000 by default. */
  readonly timeout: number;
  /** The receiver knows a request again by its `Idempotency-Key`; true by default. Otherwise one that may have arrived fails the step as `uncertain`. */
  readonly idempotent: boolean;
}

/** What a transform makes of the outputs of other steps. */
export interface TransformDefinition {
  /** Steps whose outputs it begins with; `params` stands for the parameters of the workflow. */
  readonly inputs: readonly string[];
  readonly ops: readonly TransformOperation[];
}

/** One operation of a transform; the expressions are bare JMESPath on the item. */
export type TransformOperation =
  | { readonly op: 'merge'; readonly steps: readonly string[] }
  | { readonly op: 'filter' | 'map'; readonly expr: string }
  | { readonly op: 'sort'; readonly field: string; readonly order: 'asc' | 'desc' }
  | { readonly op: 'flatten' }
  | { readonly op: 'deduplicate'; readonly field: string };

/** A parameter of an agent. */
export interface AgentParameter {
  readonly name: string;
  /** JSON Schema of the value. */
  readonly schema: JsonObject;
  readonly required: boolean;
  readonly default?: Json;
  /** It never reaches a prompt, a log or the journal. */
  readonly secret: boolean;
}

/** An agent file. */
export interface AgentFile {
  readonly name: string;
  readonly file: string;
  /** The model group. */
  readonly group: string;
  /** How often the model may be asked in the main loop; 10 by default. */
  readonly maxTurns: number;
  readonly params: readonly AgentParameter[];
  readonly prompt: { readonly system: string; readonly user?: string; readonly reflect?: string };
  readonly servers: readonly ServerReference[];
  /** JSON Schema that its output must fit, as it was written. */
  readonly output: JsonObject;
}

/** A tool server that an agent may use, and which of its tools. */
export interface ServerReference {
  readonly name: string;
  readonly server: ServerFile;
  /** Values for the server's parameters: literals, or `{{ params.X }}` of the agent. */
  readonly params: Readonly<Record<string, Json>>;
  /** Allowed tools: a name, `prefix-*`, or `*`. */
  readonly allow: readonly { readonly pattern: string; readonly approval?: ApprovalRule }[];
  /** Sent to the server as the name of a session that it keeps. */
  readonly persistentId?: string;
}

/** A person must agree to each call of a tool. */
export interface ApprovalRule {
  /** What a rejection does: fails the step, or tells the model, which goes on. */
  readonly onReject: 'fail' | 'recover';
  /** How long a person has, in milliseconds; no limit by default. */
  readonly timeout?: number;
  /** What silence does: fails the step, or counts as a rejection. */
  readonly timeoutBehavior: 'fail' | 'reject';
}

/** A server file: how a tool server is reached. */
export interface ServerFile {
  readonly name: string;
  readonly file: string;
  /** `url`: Streamable HTTP or the older SSE. `command`: a program to start. */
  readonly address:
    | { readonly url: string; readonly transport?: 'http' | 'sse' }
    | { readonly command: string; readonly args: readonly string[] };
  readonly auth?: { readonly header: string; readonly scheme: 'bearer' | 'raw'; readonly secret: string };
  readonly params: readonly { readonly name: string; readonly default?: string; readonly secret: boolean }[];
}
