/** Where the command line keeps deployments: on the NATS server of the journal, or in a folder beside the journal, or in the one that TROUPE_DEPLOYMENTS names. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { bundleFolder, type BundleFolder } from '../deployments/bundleFolder.ts';
import { deploymentsIn, type Deployments } from '../deployments/deployments.ts';
import { folderDeployments } from '../deployments/store/folderStore.ts';
import type { DeploymentStore } from '../deployments/store/store.ts';
import type { NatsSettings } from '../nats/options.ts';
import { withNats } from '../nats/packages.ts';
import type { Cli } from './cli.ts';
import { natsOptionsOf, type CommonOptions } from './options.ts';

/** The deployments of a folder or a tenant, with their code. */
export interface DeploymentPlace {
  readonly store: DeploymentStore;
  readonly deployments: Deployments;
  readonly bundles: BundleFolder;
  /** Has all runs of these deployments the journal that they are beside? A folder that was named, or that several journals are beside, may serve others. */
  isOfOneJournal(): Promise<boolean>;
}

/** The options that say where deployments are. */
export type DeploymentPlaceOptions = Pick<CommonOptions, 'db' | 'nats' | 'natsCreds' | 'natsReplicas' | 'tenant'>;

/** The deployments of a journal. Nothing is read, made or connected before it is needed. */
export function deploymentPlace(
  cli: Pick<Cli, 'cwd' | 'env' | 'clock'>,
  options: DeploymentPlaceOptions,
): DeploymentPlace {
  const { cwd, env, clock } = cli;
  const named = env['TROUPE_DEPLOYMENTS'];
  // The journal is on the server unless a file is named, and the deployments are where the journal is.
  const nats = named || options.db !== undefined ? undefined : natsOptionsOf(cli, options);
  const db = options.db ?? (nats ? undefined : env['TROUPE_DB']);
  const journal = db === undefined || db === 'memory' ? '.troupe/troupe.db' : db;
  const folder = named ? resolve(cwd, named) : join(dirname(resolve(cwd, journal)), 'deployments');
  const bundles = bundleFolder(join(folder, 'bundles'), clock);
  if (nats) return placeOnServer(cli, nats, bundles);
  const store = folderDeployments(join(folder, 'records'), clock);
  return {
    store,
    deployments: deploymentsIn(store),
    bundles,
    isOfOneJournal: async () => !named && db !== 'memory' && (await isAlone(resolve(cwd, journal))),
  };
}

/** Is there no other journal in the folder of this one? */
async function isAlone(journal: string): Promise<boolean> {
  const files = await readdir(dirname(journal)).catch(() => []);
  return files.every((name) => !name.endsWith('.db') || name === basename(journal));
}

function placeOnServer({ clock }: Pick<Cli, 'clock'>, nats: NatsSettings, local: BundleFolder): DeploymentPlace {
  let opened: ReturnType<typeof connect> | undefined;
  async function connect() {
    const { openServerPlace } = await withNats(() => import('../deployments/serverPlace.ts'));
    return openServerPlace(nats, local, clock);
  }
  // A connection stays open until the process ends, which does not wait for it.
  const open = () =>
    (opened ??= connect().catch((thrown: unknown) => {
      opened = undefined;
      throw thrown;
    }));
  const store: DeploymentStore = {
    get: async (key) => (await open()).store.get(key),
    put: async (key, value, revision) => (await open()).store.put(key, value, revision),
    ids: async (kind) => (await open()).store.ids(kind),
  };
  const bundles: BundleFolder = {
    save: async (files) => (await open()).bundles.save(files),
    open: async (hash) => (await open()).bundles.open(hash),
    delete: async (hash) => (await open()).bundles.delete(hash),
    list: async () => (await open()).bundles.list(),
  };
  return { store, deployments: deploymentsIn(store), bundles, isOfOneJournal: async () => true };
}
