/** A workflow as it is run: its files are read, checked and joined. The texts of expressions are as they were written. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { EnvironmentVariable } from './environment.ts';
import type { GatewayFileDefinition } from './gatewayFile.ts';
import type { AgentFile } from './agentFile.ts';
import type { StepCommon, WaitDefinition, WebhookDefinition } from './stepParts.ts';
import type { TransformDefinition } from './transformDefinition.ts';
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
