/** The deployments of a tenant on a NATS server, with their code. */
import type { NatsSettings } from '../nats/options.ts';
import { withNats } from '../nats/packages.ts';
import { requireTenant } from '../nats/tenant.ts';
import type { Clock } from '../values/clock.ts';
import type { BundleFolder } from './bundleFolder.ts';
import { serverBundles } from './bundlesOnServer.ts';
import { serverDeployments } from './store/onServer.ts';
import type { DeploymentStore } from './store/store.ts';

/** An open place. Disposing it closes its connection. */
export interface ServerPlace extends AsyncDisposable {
  readonly store: DeploymentStore;
  readonly bundles: BundleFolder;
}

/** Connects; `local` is where this machine keeps the code that it loads. Rejects as `connectNats` does, and with `environment` when the client is not installed. */
export async function openServerPlace(
  { tenant = 'default', replicas, ...options }: NatsSettings,
  local: BundleFolder,
  clock: Clock,
): Promise<ServerPlace> {
  requireTenant(tenant);
  const [{ connectNats }, { serverRecords }, { objectStore }] = await withNats(() =>
    Promise.all([import('../nats/connection.ts'), import('../nats/records.ts'), import('../nats/objectStore.ts')]),
  );
  const connection = await connectNats(options);
  const copies = replicas === undefined ? {} : { replicas };
  const [stream, prefix] = [`troupe_${tenant}_deployments`, `troupe.${tenant}._deployments`];
  return {
    store: serverDeployments(serverRecords({ connection, clock, stream, prefix, ...copies })),
    bundles: serverBundles(local, objectStore({ connection, clock, bucket: `troupe_${tenant}_code`, ...copies })),
    // A server that is gone has nothing to drain.
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  };
}
