/** What a run of a deployed version is started with, and what is stored with it. */
import type { VersionView } from '../deployments/record.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { isAgentsFile } from './agentsFile.ts';
import type { DeploymentOrigin } from './pinnedDefinition.ts';
import { isWorkflowFile } from './workflowFile.ts';

/** What a run of a version is given, and what its file's function is called with: the defaults of the version, and over them what the caller gives. */
export function startOfVersion(
  { defaults, settings, entry }: Pick<VersionView, 'defaults' | 'settings' | 'entry'>,
  given: Json | undefined,
): { readonly input: Json | undefined; readonly settings: Json | undefined } {
  const input = isJsonObject(defaults) && isJsonObject(given) ? { ...defaults, ...given } : (given ?? defaults);
  const takesInput = settings !== undefined && !isWorkflowFile(entry) && !isAgentsFile(entry);
  return {
    input,
    settings: takesInput && isJsonObject(input) ? { ...(isJsonObject(settings) ? settings : {}), ...input } : settings,
  };
}

/** What is stored with a run of a version, so that the same code goes on with it. */
export const metaOf = (
  { name, version, bundle, entry, source }: VersionView,
  settings: Json | undefined,
): JsonObject => ({
  deployment: { name, version, bundle, entry, source } satisfies DeploymentOrigin,
  ...(settings === undefined ? {} : { args: settings }),
});
