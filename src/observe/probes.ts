/** What a process tells the machinery around it over HTTP: whether it is alive, whether it accepts work (for Kubernetes, systemd or a load balancer), and its metrics (for Prometheus). */
import { TroupeError } from '../values/failure.ts';
import { httpServer, targetOf } from './httpServer.ts';
import { metricsContentType } from './metricsText.ts';
import { portOf } from './localPort.ts';

/** Where the probes are served, and what they report. */
export interface ProbesOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** `127.0.0.1` by default. The probes reveal whether the process is ready, and why not; the metrics what they hold. */
  readonly host?: string;
  /** Why the process accepts no work now; undefined while it does. */
  notReadyReason(): string | undefined;
  /** The text of `/metrics`. Default: there are none, and the path is not found. */
  metrics?(): Promise<string>;
}

/** Running probes; disposing them closes the port. */
export interface Probes extends AsyncDisposable {
  /** `http://host:port`, without a path. */
  readonly url: string;
}

/**
 * Serves `/healthz` (200 while the process answers at all), `/readyz` (200, or 503 with the reason) and `/metrics`. One port for all three: whoever may
 * probe a process may read its metrics, and one rule of a firewall lets both in. Rejects with `environment` when the port is taken.
 */
export async function probes({ port, host = '127.0.0.1', notReadyReason, metrics }: ProbesOptions): Promise<Probes> {
  const server = httpServer({
    async answer(request, response) {
      const { path } = targetOf(request);
      const send = (status: number, text: string, type = 'text/plain') => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
        response.end(text);
      };
      if (path === '/healthz') return send(200, 'ok\n');
      if (path === '/metrics' && metrics) return send(200, await metrics(), metricsContentType);
      if (path !== '/readyz') return send(404, 'not found\n');
      const reason = notReadyReason();
      send(reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
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
