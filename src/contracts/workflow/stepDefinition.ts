/** One step of a workflow as it is run. The texts of expressions are as they were written. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { AgentFile } from './agentFile.ts';
import type { WorkflowDefinition } from './definition.ts';
import type { TransformDefinition } from './transformDefinition.ts';

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
