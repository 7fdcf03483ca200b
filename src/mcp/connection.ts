/** The connection to a server, over stdio or HTTP. */
import type { Transport } from '@modelcontextprotocol/client';
import type { TroupeError } from '../values/failure.ts';

/** A connection to a server. */
export interface McpTransport {
  /** The transport for the client library. */
  readonly transport: Transport;
  /** Why it ended, when the server ended it. */
  readonly failure: TroupeError | undefined;
  /** Ends the process, the session and all requests. */
  close(): Promise<void>;
}
