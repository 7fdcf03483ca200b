/** The values that expressions of a workflow read, and secrets among them: a secret is never stored, only how it is found again. */
import type { Json, JsonObject } from '../../values/json.ts';

/** What expressions of one workflow can read. It is plain data without secrets. */
export interface WorkflowValues {
  /** The parameters of the workflow, by name; those that are sealed are not among them. */
  readonly params: JsonObject;
  /** The declared variables of the environment that are not secret, by name. Only a root workflow has any. */
  readonly env: Readonly<Record<string, string>>;
  /** The outputs of the steps that have ended, by the id of the step. */
  readonly step: Readonly<Record<string, Json>>;
  /** What cannot be read in clear: the declared secrets, as `env.NAME`, and the sealed parameters, as `params.NAME`. */
  readonly sealed: Readonly<Record<string, Sealed>>;
  /** The item of a step that fans out; absent otherwise. */
  readonly item?: Json;
  /** The place of the item, from 0; absent otherwise. */
  readonly itemIndex?: number;
}

/** How a secret value is found again: a variable of the environment, a template with the values that it reads, or a value with secrets in it. */
export type Sealed =
  | {
      /** The name of the variable whose value it is. */
      readonly env: string;
    }
  | {
      /** The template, as it was written; an expression without braces has them here. */
      readonly template: string;
      /** `text`: the value is always text. `url`: it is text, and what is interpolated is percent-encoded. The value keeps its type by default. */
      readonly as?: 'text' | 'url';
      /** What the template reads beside secrets, and the secrets in it. */
      readonly values: WorkflowValues;
    }
  | {
      /** A value in which some places are secret. */
      readonly parts: Resolved;
    };

/** A value that was resolved from templates: in clear where it is public, and how to find the rest. */
export interface Resolved<Value = Json> {
  /** The value, with null wherever something is sealed. */
  readonly value: Value;
  /** The places of secrets in the value, as keys and indexes from its top; none when empty. */
  readonly sealed: readonly { readonly path: readonly (string | number)[]; readonly value: Sealed }[];
}

/** Where the values of secrets come from, when an effect needs them. */
export interface SecretSource {
  /** The value of a variable; undefined when it is not set. */
  secret(name: string): string | undefined;
}
