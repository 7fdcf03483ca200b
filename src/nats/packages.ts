/** Loads what talks to a NATS server, or says which packages that takes. */
import { loadOptional, type OptionalPackage } from '../values/optional.ts';
import { loadNatsClient } from './client.ts';

/** The packages of the NATS client. */
export const natsPackages: readonly OptionalPackage[] = [
  '@nats-io/transport-node',
  '@nats-io/jetstream',
  '@nats-io/obj',
];

/** Loads the NATS client and modules that use it. Rejects with `environment` when it is not installed. */
export const withNats = <T>(load: () => Promise<T>, needs = 'A NATS server needs'): Promise<T> =>
  loadOptional(natsPackages, needs, async () => (await Promise.all([load(), loadNatsClient()]))[0]);
