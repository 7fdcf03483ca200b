/**
 * Loads the pinned code of a deployed version.
 *
 * PD1 What was deployed is what runs, whatever has become of its file. A run goes on with the code that it was begun with, in whatever process, wherever the tags are.
 */
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { isJsonObject, type Json } from '../values/json.ts';
import type { DeploymentPlace } from './deploymentPlace.ts';
import { loadDefinition } from './load.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import type { PinnedOrigin } from './pinnedImports.ts';
import { isWorkflowFile } from './workflowFile.ts';

/** The code that a run belongs to, as it is stored with the run. */
export const DeploymentOrigin = z.object({
  /** The name of the deployment. */
  name: z.string(),
  /** The number of the version. */
  version: z.int(),
  /** The hash of its code. */
  bundle: z.string(),
  /** The file to load, in the folder of the code. */
  entry: z.string(),
  /** The absolute path of the file that was deployed. */
  source: z.string(),
});
export type DeploymentOrigin = z.infer<typeof DeploymentOrigin>;

const registered = new Set<string>();

/** Loads it. Rejects with `environment` when the code is gone, `corrupt` when it was changed since, and as `loadDefinition` does. */
export async function loadPinned(
  { bundles }: Pick<DeploymentPlace, 'bundles'>,
  { bundle, entry, source }: Pick<DeploymentOrigin, 'bundle' | 'entry' | 'source'>,
  settings: Json = {},
): Promise<LoadedDefinition> {
  const folder = await bundles.open(bundle);
  if (isWorkflowFile(entry))
    // Its project is the folder of the code; only the values of variables are those of today.
    return loadDefinition(folder, entry, { ...(isJsonObject(settings) ? settings : {}), projectDir: folder });
  if (entry.endsWith('.mjs')) resolveAsAt(source, folder);
  return loadDefinition(folder, entry, settings);
}

/** Imports of packages, and places in stack traces, are those of the source. */
function resolveAsAt(source: string, folder: string): void {
  process.setSourceMapsEnabled(true);
  const origin: PinnedOrigin = { folder: `${pathToFileURL(folder).href}/`, source: pathToFileURL(source).href };
  const name = JSON.stringify(origin);
  if (registered.has(name)) return;
  registered.add(name);
  // It is beside this file, where this is compiled (.js) and where it is not (.ts).
  register(new URL(`pinnedImports${import.meta.url.slice(-3)}`, import.meta.url), { data: origin });
}
