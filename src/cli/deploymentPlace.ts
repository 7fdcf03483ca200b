/** Where the command line keeps deployments: a folder beside the journal, or the one that TROUPE_DEPLOYMENTS names. */
import { dirname, join, resolve } from 'node:path';
import { bundleFolder, type BundleFolder } from '../deployments/bundleFolder.ts';
import { deploymentsIn, type Deployments } from '../deployments/deployments.ts';
import { folderDeployments } from '../deployments/store/folderStore.ts';
import type { DeploymentStore } from '../deployments/store/store.ts';
import type { Cli } from './cli.ts';
import type { CommonOptions } from './options.ts';

/** The deployments of a folder with their code. */
export interface DeploymentPlace {
  /** The absolute path of the folder. */
  readonly folder: string;
  readonly store: DeploymentStore;
  readonly deployments: Deployments;
  readonly bundles: BundleFolder;
}

/** The deployments beside a journal. Nothing is read or made before it is needed. */
export function deploymentPlace(
  { cwd, env, clock }: Pick<Cli, 'cwd' | 'env' | 'clock'>,
  { db = env['TROUPE_DB'] }: Pick<CommonOptions, 'db'>,
): DeploymentPlace {
  const journal = db === undefined || db === 'memory' ? '.troupe/troupe.db' : db;
  const named = env['TROUPE_DEPLOYMENTS'];
  const folder = named ? resolve(cwd, named) : join(dirname(resolve(cwd, journal)), 'deployments');
  const store = folderDeployments(join(folder, 'records'), clock);
  return { folder, store, deployments: deploymentsIn(store), bundles: bundleFolder(join(folder, 'bundles'), clock) };
}
