/** Loads the definition of a stored run again: from its file, or from the pinned code of the deployment that it belongs to. */
import type { Cli } from './cli.ts';
import { deploymentPlace } from './deploymentPlace.ts';
import { loadDefinition } from './load.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import type { CommonOptions } from './options.ts';
import type { RunOrigin } from './runRows.ts';

/** The definition; undefined for a run that was started from code. `file` replaces where it came from. Rejects as `loadDefinition` and `loadPinned` do. */
export async function definitionOfRun(
  cli: Cli,
  { file: stored, args, deployment }: RunOrigin,
  options: CommonOptions,
  file?: string,
): Promise<LoadedDefinition | undefined> {
  if (deployment && file === undefined) {
    const { loadPinned } = await import('./pinnedDefinition.ts');
    return loadPinned(deploymentPlace(cli, options), deployment, args);
  }
  const path = file ?? stored;
  return path === undefined ? undefined : loadDefinition(cli.cwd, path, args);
}
