/** The health of a component and of those that it needs, found out within two seconds. */
import * as z from 'zod';
import type { Clock } from '../../values/clock.ts';
import { named } from './base/openapi.ts';
import { jsonReply } from './base/reply.ts';
import { route, type HttpRoute } from './base/route.ts';
import { ComponentHealth } from './contracts/json.ts';

/** How a component is. `down`: no connection. `unhealthy`: it answers that it is not well. `error`: it cannot be asked, as its URL is none. */
export type PeerHealth = 'ok' | 'down' | 'unhealthy' | 'error';

/** Asks a component how it is. It must stop when the signal fires. */
export type HealthProbe = (signal: AbortSignal) => Promise<PeerHealth>;

/** Milliseconds for all probes together. */
const probeTimeout = 2_000;

const OrchestratorHealth = named(
  'OrchestratorHealth',
  z.object({ status: z.enum(['ok', 'error']), services: z.record(z.string(), z.string()) }),
);

/** `GET /health` of the orchestrator, which asks the others. A component that does not answer in two seconds is `down`; one that is not configured does no harm. */
export const aggregatedHealth = (
  service: { readonly peers: { readonly runtime?: HealthProbe; readonly gateway?: HealthProbe } },
  clock: Pick<Clock, 'now' | 'wake'>,
): HttpRoute =>
  route({
    method: 'GET',
    path: '/health',
    access: 'public',
    summary: 'How the orchestrator is, and the components that it needs.',
    responses: {
      200: { description: 'All is well.', schema: OrchestratorHealth },
      503: { description: 'A component is not well.', schema: OrchestratorHealth },
    },
    async handle() {
      const { peers } = service;
      const [runtime, gateway] = await Promise.all([asked(peers.runtime, clock), asked(peers.gateway, clock)]);
      const well = [runtime, gateway].every((health) => health === 'ok' || health === 'unconfigured');
      return jsonReply(well ? 200 : 503, {
        status: well ? 'ok' : 'error',
        services: { orchestrator: 'ok', runtime, gateway },
      });
    },
  });

/** `GET /health` of a component that needs no other. */
export const ownHealth: HttpRoute = route({
  method: 'GET',
  path: '/health',
  access: 'public',
  summary: 'Whether the component is there.',
  responses: { 200: { description: 'It is.', schema: ComponentHealth } },
  handle: () => jsonReply(200, { status: 'ok' }),
});

async function asked(
  probe: HealthProbe | undefined,
  clock: Pick<Clock, 'now' | 'wake'>,
): Promise<PeerHealth | 'unconfigured'> {
  if (!probe) return 'unconfigured';
  const stop = new AbortController();
  let timer: Disposable | undefined;
  const late = new Promise<PeerHealth>((resolve) => {
    timer = clock.wake(clock.now() + probeTimeout, () => {
      resolve('down');
      stop.abort();
    });
  });
  try {
    return await Promise.race([probe(stop.signal), late]);
  } catch {
    return 'down';
  } finally {
    timer?.[Symbol.dispose]();
  }
}
