/**
 * Keeps secrets, such as the keys of other services, under names, so that runs and files need not hold their values.
 *
 * SC1 What was set is what is read, by this process and by others, as soon as `set` has resolved.
 * SC2 `set` adds and replaces the keys that it is given and leaves the others. A private secret never becomes public.
 * SC3 What cannot be accepted changes nothing, and no error has a value in it.
 * SC4 The values of a secret are given to `onRead` before they are given to the caller.
 * SC5 A secret that is printed, or turned into JSON, as a whole shows no values.
 */

/** The values of a secret, by key: `{ API_KEY: 'sk-…' }`. */
export type SecretValues = Readonly<Record<string, string>>;

/** What may be shown of every secret. */
export interface SecretSummary {
  /** Up to 200 lower-case letters, digits and `. _ -`. */
  readonly name: string;
  /** The names of its values, sorted. */
  readonly keys: readonly string[];
  /** Its values are shown to nobody but whoever can open the store: never over HTTP or MCP. */
  readonly private: boolean;
  /** When it was first set, in milliseconds since the epoch. */
  readonly created: number;
  /** When it was last set, in milliseconds since the epoch. */
  readonly updated: number;
}

/** A secret with its values, which are read one by one: as a whole it is printed, and turned into JSON, without them. */
export interface Secret extends SecretSummary {
  /** All its values. */
  readonly values: SecretValues;
}

/** What `set` did. */
export interface SecretChange extends SecretSummary {
  /** Is it new? */
  readonly isNew: boolean;
}

/** How a secret is set. */
export interface SetSecretOptions {
  /** Whether the secret is private; as before by default, and true for a new one. */
  readonly private?: boolean | undefined;
}

/** Which part of the list. */
export interface SecretListOptions {
  /** Which page, from 1; 1 by default. */
  readonly page?: number | undefined;
  /** Secrets on a page, 1 to 1,000; 100 by default. */
  readonly size?: number | undefined;
}

/** One page of the list. */
export interface SecretPage {
  /** Sorted by name. */
  readonly secrets: readonly SecretSummary[];
  /** How many there are on all pages. */
  readonly total: number;
  /** Which page this is, from 1. */
  readonly page: number;
  /** Secrets on a page at most. */
  readonly size: number;
}

/** What every store is opened with. */
export interface SecretStoreOptions {
  /** Is called with the values of each secret that is read, so that they can be masked in logs, progress and errors; nothing by default. */
  readonly onRead?: ((values: readonly string[]) => void) | undefined;
}

/** A store of secrets. Every failure is a `TroupeError`. */
export interface SecretStore {
  /** Makes a secret, or adds to one. `invalid` for a name, key or value that cannot be accepted, `conflict` for a private secret that would become public. */
  set(name: string, values: SecretValues, options?: SetSecretOptions): Promise<SecretChange>;
  /** Reads one. `unknown_recipient` when there is none. */
  get(name: string): Promise<Secret>;
  /** Lists them, without values. */
  list(options?: SecretListOptions): Promise<SecretPage>;
  /** Removes one. `unknown_recipient` when there is none. */
  delete(name: string): Promise<void>;
}
