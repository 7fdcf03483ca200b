/** What a request to the outside looks like, and its response. */

/** A request whose destination may come from data. */
export interface EgressRequest {
  /** http or https, without a user name. */
  readonly url: string;
  /** GET by default. */
  readonly method?: string;
  /** None by default. Those of the connection, such as `Host` and `Content-Length`, are set by the client. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent; nothing by default. A text is sent as UTF-8. */
  readonly body?: string | Uint8Array;
  /** How long the whole may take, redirects and body included, in milliseconds; never longer than the client allows. 30,000 by default. */
  readonly timeout?: number;
  /** Stops the request. */
  readonly signal?: AbortSignal;
  /** How large the body of the response may be when it is unpacked, in bytes; never more than the client allows, 10 MB by default. */
  readonly maxBytes?: number;
  /** `follow` by default: at most 5 redirects, each checked like the first request. `manual`: the redirect is the response. */
  readonly redirect?: 'follow' | 'manual';
  /** The body is not wanted: at most 64 kB of it are read, and whatever is wrong with it is no failure. False by default. */
  readonly discard?: boolean;
}

/** What came back, with any status. */
export interface EgressResponse {
  readonly status: number;
  /** By name in lower case; several of one name are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Unpacked; empty when it was not wanted. */
  readonly body: Uint8Array;
}

/** A request that was checked, as it is sent to one destination. */
export interface CheckedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}
