/** The tools of runs over stdin and stdout, for an assistant that starts the server itself. */
import type { Readable, Writable } from 'node:stream';
import { controlServers, type ControlServerOptions } from './controlServer.ts';

/** Where the protocol comes from and goes to. Nothing else may be written to `output`. */
export interface ControlStdioOptions extends ControlServerOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Told what is wrong with the other side; nothing by default. */
  readonly warn?: (message: string) => void;
}

/** A server that answers. Disposing it ends the connection. */
export interface ControlStdio extends AsyncDisposable {
  /** Resolves when the other side has closed its end. */
  readonly closed: Promise<void>;
}

/** Serves until the input ends. Rejects with `environment` when the package is not installed. */
export async function controlStdio({ input, output, warn, ...options }: ControlStdioOptions): Promise<ControlStdio> {
  const make = await controlServers(options);
  const { serveStdio, StdioServerTransport } = await import('@modelcontextprotocol/server/stdio');
  const closed = new Promise<void>((resolve) => {
    input.once('end', () => resolve());
    input.once('close', () => resolve());
  });
  const handle = serveStdio(make, {
    transport: new StdioServerTransport(input, output),
    ...(warn ? { onerror: ({ message }) => warn(message) } : {}),
  });
  return { closed, [Symbol.asyncDispose]: () => handle.close() };
}
