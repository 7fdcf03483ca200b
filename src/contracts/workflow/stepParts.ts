/** The parts of a step of a workflow as it is run. The texts of expressions are as they were written. */
import type { Json, JsonObject } from '../../values/json.ts';

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
