/** Tells a supervisor of processes (Kubernetes, systemd, a load balancer) whether this one lives, and whether it takes work. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TroupeError } from '../contracts/failure.ts';

export interface ProbesOptions {
  readonly port: number;
  /** `127.0.0.1` unless told otherwise: whoever reaches it learns whether we are ready, and nothing else. */
  readonly host?: string;
  /** Why it takes no work now; undefined while it does. */
  busy(): string | undefined;
}

export interface Probes extends AsyncDisposable {
  readonly url: string;
}

/** Serves `/healthz` (200 while the process answers at all) and `/readyz` (200, or 503 with the reason). Rejects with `environment` when the port is taken. */
export async function probes({ port, host = '127.0.0.1', busy }: ProbesOptions): Promise<Probes> {
  const server = createServer(({ url = '/' }, response) => {
    const reason = url === '/readyz' ? busy() : undefined;
    const status = url !== '/readyz' && url !== '/healthz' ? 404 : reason === undefined ? 200 : 503;
    response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
    response.end(`${status === 404 ? 'not found' : (reason ?? 'ok')}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TroupeError(
          'environment',
          `No probes can be served at ${host}:${port}: ${cause.message}. Choose another port.`,
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
