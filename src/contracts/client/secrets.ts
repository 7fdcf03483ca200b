/** What can be done with stored secrets. */
import type { Page } from './execution.ts';

/** A secret, without its values. */
export interface SecretInfo {
  /** The name under which it is stored. */
  readonly name: string;
  /** The names of its values, such as `API_KEY`. */
  readonly keys: readonly string[];
  /** Are its values for nobody but the functions of checkpoints? */
  readonly private: boolean;
  /** When it was first stored, in milliseconds since the epoch. */
  readonly created_at: number;
  /** When it was last stored, in milliseconds since the epoch. */
  readonly updated_at: number;
}

/** Secrets. Values of private ones are given to nobody but the functions of checkpoints. */
export interface SecretsClient {
  /** Makes a secret, or adds and replaces values of one; keys that are not given stay. Rejects with `conflict` for a private secret that would become public. */
  create(
    name: string,
    values: Readonly<Record<string, string>>,
    options?: {
      /** Is it private? As before by default, and true for a new one. */
      readonly private?: boolean;
    },
  ): Promise<SecretInfo>;
  /** The secrets, without their values. */
  list(query?: {
    /** How many at most; 100 by default. */
    readonly limit?: number;
    /** Where to go on, from the page before. */
    readonly cursor?: string;
  }): Promise<Page<SecretInfo>>;
  /** Removes a secret with all its values. Rejects with `unknown_recipient` when there is none. */
  delete(name: string): Promise<void>;
}
