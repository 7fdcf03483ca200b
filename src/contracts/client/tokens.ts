/** What can be done with the tokens with which programs reach a server. */

/** An access token, without the token. */
export interface TokenInfo {
  /** Its name: 1 to 64 lower-case letters, digits, `_` and `-`. */
  readonly name: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly created_at: number;
  /** When it stops working, in milliseconds since the epoch; absent for one that never does. */
  readonly expires_at?: number;
}

/** Tokens with which programs reach this over HTTP. */
export interface AuthClient {
  /** Makes a token, which is given only here. Rejects with `conflict` when there is one of this name. */
  create(
    name: string,
    options?: {
      /** How long it works, such as `12h` or `30d`; for ever by default. */
      readonly expiresIn?: string;
    },
  ): Promise<TokenInfo & { readonly token: string }>;
  /** All tokens, without the tokens themselves. */
  list(): Promise<readonly TokenInfo[]>;
  /** Makes a new token for a name, valid for as long as the one before it was, which stops working. Rejects with `unknown_recipient` when there is none. */
  rotate(
    name: string,
    options?: {
      /** How long the one before still works, such as `15m`, while programs are given the new one; not at all by default. */
      readonly keepFor?: string;
    },
  ): Promise<TokenInfo & { readonly token: string }>;
  /** Removes a token, which stops working at once. Rejects with `unknown_recipient` when there is none. */
  delete(name: string): Promise<void>;
}
