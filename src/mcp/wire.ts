/** One way to a server, whichever it is. */
import type { Transport } from '@modelcontextprotocol/client';
import type { TroupeError } from '../contracts/failure.ts';

export interface Wire {
  readonly transport: Transport;
  /** Why it broke, when the server broke it. */
  readonly failure: TroupeError | undefined;
  /** Leaves nothing behind: no process, no session, no request. */
  close(): Promise<void>;
}
