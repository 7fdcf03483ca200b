/** A workflow as it is run: its files are read, checked and joined. The texts of expressions are as they were written. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { EnvironmentVariable } from './environment.ts';
import type { GatewayFileDefinition } from './gatewayFile.ts';
import type { SecretSource } from './values.ts';

/** Who may invoke a workflow over HTTP. */
export interface InvokeAuthentication {
  /** The header that is compared, in lower case. */
  readonly header: string;
  /**
   * `bearer`: the secret follows `Bearer `; `raw`: it is the whole header; `hmac-sha256`: the header is the HMAC of the body; `standard-webhooks`: the request is
   * signed as Standard Webhooks has it; with any other word nobody may.
   */
  readonly scheme: string;
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
  /** As its file says; for people. */
  readonly version?: string;
  /** As its file says; for people. */
  readonly description?: string;
  /** A sub-workflow cannot be invoked by itself. */
  readonly visibility: 'root' | 'sub-workflow';
  /** Whether its webhooks are sent when it is a step of another workflow. */
  readonly webhooks: 'execute' | 'suppress';
  /** JSON Schema of its parameters; absent when anything is accepted. */
  readonly params?: JsonObject;
  /** The variables that its expressions may read; none in a sub-workflow. */
  readonly env: readonly EnvironmentVariable[];
  /** Who may invoke it over HTTP; absent when it says nothing. */
  readonly auth?: InvokeAuthentication;
  /** In the order of the file. */
  readonly steps: readonly StepDefinition[];
  /** What its result is. */
  readonly output: {
    /** JSON Schema of the result; absent when anything may be. */
    readonly schema?: JsonObject;
    /** Expressions of the fields of the result. At most one of `map` and `from`. */
    readonly map?: Readonly<Record<string, Json>>;
    /** The step whose output is the result; the last one that completed by default. */
    readonly from?: string;
  };
  /** Its limits, and the model groups that it replaces. */
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
  /** Outputs that stand for steps which are not run, by their ids: for one step alone. None by default. */
  readonly recorded?: Readonly<Record<string, Json>>;
  /** The values of the declared variables that are not secret, as they were when the files were read. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gives the values of secrets when an effect needs them. */
  readonly secrets: SecretSource;
  /** The models of its project; absent when the project has no gateway file, and groups are those of the runtime. */
  readonly gateway?: GatewayFileDefinition;
  /** What is wrong with it as a whole: it fails as soon as it is run. Absent when nothing is. */
  readonly problem?: string;
}

/** One step: what all kinds have in common, and its own part. */
export type StepDefinition = StepCommon & StepWork;

/** What a step of any kind may have. */
export interface StepCommon {
  /** Unique in its workflow. */
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
  /** The list that it is done for, item by item; absent when it is done once. */
  readonly forEach?: ForEach;
  /** Further attempts after a failure; none by default. */
  readonly retry?: {
    /** How many further attempts. */
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
  /** What is wrong in its files: it fails when it is reached. Absent when nothing is. */
  readonly problem?: string;
}

/** How a step is done once for each item of a list. */
export interface ForEach {
  /** The expression of the list. */
  readonly from: string;
  /** Another name for `item`; none by default. */
  readonly as?: string;
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
      /** Who does it. */
      readonly agent: AgentFile;
      /** What the step says of its model, in place of the agent's file. */
      readonly model: {
        /** The model group; that of the agent by default. */
        readonly group?: string;
        /** The most tokens of one answer; 1,024 by default. */
        readonly maxTokens?: number;
      };
    }
  | {
      readonly kind: 'transform';
      /** What is made of the outputs of other steps. */
      readonly transform: TransformDefinition;
    }
  | {
      readonly kind: 'webhook';
      /** What is sent. */
      readonly webhook: WebhookDefinition;
      /** It is sent when a call of a step before it waits for a person, and is no step of the pipeline. */
      readonly onApproval: boolean;
    }
  | {
      readonly kind: 'workflow';
      /** The sub-workflow. */
      readonly workflow: WorkflowDefinition;
      /** Further parameters, as expressions. */
      readonly input: Readonly<Record<string, Json>>;
      /** Whether the webhooks of the sub-workflow are sent, if it says so, too. */
      readonly webhooks: 'execute' | 'suppress';
    }
  | {
      readonly kind: 'wait';
      /** What is asked. */
      readonly wait: WaitDefinition;
    }
  /** Nothing that can be done: its `problem` says why. */
  | { readonly kind: 'broken' };

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
  /** A template; what is put in is percent-encoded. */
  readonly url: string;
  /** In upper case; POST by default. */
  readonly method: string;
  /** Templates by the name of the header; none by default. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of the JSON body, with typed values. */
  readonly body: Readonly<Record<string, Json>>;
  /** The template of the secret that signs it; absent when it is not signed. */
  readonly sign?: string;
  /** Milliseconds; 30,000 by default. */
  readonly timeout: number;
  /** The receiver knows a request again by its `Idempotency-Key`; true by default. Otherwise one that may have arrived fails the step as `uncertain`. */
  readonly idempotent: boolean;
}

/** What a transform makes of the outputs of other steps. */
export interface TransformDefinition {
  /** Steps whose outputs it begins with; `params` stands for the parameters of the workflow. */
  readonly inputs: readonly string[];
  /** What is done with them, in order. */
  readonly ops: readonly TransformOperation[];
}

/** One operation of a transform; the expressions are bare JMESPath on the item. */
export type TransformOperation =
  | {
      /** Merges the outputs of steps into the data, deeply. */
      readonly op: 'merge';
      /** The steps, or parts of their outputs such as `a.items`. */
      readonly steps: readonly string[];
    }
  | {
      /** Keeps the items for which the expression holds, or replaces each by what it gives. */
      readonly op: 'filter' | 'map';
      /** The expression. */
      readonly expr: string;
    }
  | {
      /** Sorts the items; those without a value are last. */
      readonly op: 'sort';
      /** The expression of the value to sort by. */
      readonly field: string;
      /** Rising or falling. */
      readonly order: 'asc' | 'desc';
    }
  | {
      /** Spreads one level of lists in the list. */
      readonly op: 'flatten';
    }
  | {
      /** Keeps the first item of each value. */
      readonly op: 'deduplicate';
      /** The expression of the value. */
      readonly field: string;
    };

/** A parameter of an agent. */
export interface AgentParameter {
  /** Its name in templates. */
  readonly name: string;
  /** JSON Schema of the value. */
  readonly schema: JsonObject;
  /** Whether a step must give it; one with a default need not be given. */
  readonly required: boolean;
  /** Taken when the step gives none. */
  readonly default?: Json;
  /** It never reaches a prompt, a log or the journal. */
  readonly secret: boolean;
}

/** An agent file. */
export interface AgentFile {
  /** As its file says. */
  readonly name: string;
  /** The absolute path of its file. */
  readonly file: string;
  /** The model group. */
  readonly group: string;
  /** How often the model may be asked in the main loop; 10 by default. */
  readonly maxTurns: number;
  /** What its prompts and servers may read. */
  readonly params: readonly AgentParameter[];
  /** Its prompts, as they were written. */
  readonly prompt: {
    /** The system prompt, without templates. */
    readonly system: string;
    /** The user's prompt, with templates of `params`; by default the parameters as JSON. */
    readonly user?: string;
    /** The prompt of the reflection; absent when there is none. */
    readonly reflect?: string;
  };
  /** The tool servers that it may use; none by default. */
  readonly servers: readonly ServerReference[];
  /** The agents that it may call like tools; absent when there are none. */
  readonly subAgents?: readonly SubAgentReference[];
  /** JSON Schema that its output must fit, as it was written. */
  readonly output: JsonObject;
}

/** An agent that another agent may call like a tool. */
export interface SubAgentReference {
  /** The name of the tool. */
  readonly tool: string;
  /** What the model is told about it. */
  readonly description: string;
  /** The agent, with those servers and tools only that its caller has as well. */
  readonly agent: AgentFile;
}

/** A tool server that an agent may use, and which of its tools. */
export interface ServerReference {
  /** Its name in messages. */
  readonly name: string;
  /** How it is reached. */
  readonly server: ServerFile;
  /** Values for the server's parameters: literals, or `{{ params.X }}` of the agent. */
  readonly params: Readonly<Record<string, Json>>;
  /** Allowed tools: a name, `prefix-*`, or `*`. */
  readonly allow: readonly {
    /** Which tools. */
    readonly pattern: string;
    /** A person must agree to each call; absent when nobody is asked. */
    readonly approval?: ApprovalRule;
  }[];
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
  /** As its file says. */
  readonly name: string;
  /** The absolute path of its file. */
  readonly file: string;
  /** `url`: Streamable HTTP or the older SSE. `command`: a program to start. */
  readonly address:
    | {
        /** The address. */
        readonly url: string;
        /** Which of the transports; found out by default. */
        readonly transport?: 'http' | 'sse';
      }
    | {
        /** The program. */
        readonly command: string;
        /** Its arguments; none by default. */
        readonly args: readonly string[];
      };
  /** How a client says who it is; absent when it need not. */
  readonly auth?: {
    /** The header; Authorization by default. */
    readonly header: string;
    /** `bearer` puts `Bearer ` before the secret; `raw` sends it as it is. */
    readonly scheme: 'bearer' | 'raw';
    /** The secret: a template of the agent's parameters, or a literal. */
    readonly secret: string;
  };
  /** What is sent to the server when the connection is opened. */
  readonly params: readonly {
    /** Its name. */
    readonly name: string;
    /** Taken when the agent gives none; without one it must be given. */
    readonly default?: string;
    /** It never reaches a log or the journal. */
    readonly secret: boolean;
  }[];
}
