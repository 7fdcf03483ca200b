/** The transport to a server, over stdio or HTTP, as the MCP client uses it. */
import type { Transport } from '@modelcontextprotocol/client';
import type { TroupeError } from '../values/failure.ts';

/** The transport of one connection, and why it ended. */
export interface McpTransport {
  /** The transport for the client library. */
  readonly transport: Transport;
  /** Why it ended, when the server ended it. */
  readonly failure: TroupeError | undefined;
  /** Ends the server's process or session, and all requests. */
  close(): Promise<void>;
}
