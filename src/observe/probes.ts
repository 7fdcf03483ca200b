/** HTTP probes: whether this process is alive and whether it accepts work, for Kubernetes, systemd or a load balancer. */
import { TroupeError } from '../values/failure.ts';
import { httpServer, targetOf } from './httpServer.ts';
import { portOf } from './localPort.ts';

/** Where the probes are served, and what they report. */
export interface ProbesOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** `127.0.0.1` by default. The probes reveal only whether the process is ready, and why not. */
  readonly host?: string;
  /** Why the process accepts no work now; undefined while it does. */
  notReadyReason(): string | undefined;
}

/** Running probes; disposing them closes the port. */
export interface Probes extends AsyncDisposable {
  /** `http://host:port`, without a path. */
  readonly url: string;
}

/** Serves `/healthz` (200 while the process answers at all) and `/readyz` (200, or 503 with the reason). Rejects with `environment` when the port is taken. */
export async function probes({ port, host = '127.0.0.1', notReadyReason }: ProbesOptions): Promise<Probes> {
  const server = httpServer({
    answer(request, response) {
      const { path } = targetOf(request);
      const reason = path === '/readyz' ? notReadyReason() : undefined;
      const status = path !== '/readyz' && path !== '/healthz' ? 404 : reason === undefined ? 200 : 503;
      response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
      response.end(`${status === 404 ? 'not found' : (reason ?? 'ok')}\n`);
    },
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
    url: `http://${host}:${portOf(server)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
