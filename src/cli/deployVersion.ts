/** Keeps the code of a loaded definition as a new version of a deployment. */
import { inputSchemaOf } from '../define/inputSchema.ts';
import type { TagChange } from '../deployments/versions.ts';
import { pin } from '../deployments/pin/pin.ts';
import type { VersionView } from '../deployments/record.ts';
import type { Runnable } from '../runtime/runtime.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { DeploymentPlace } from './deploymentPlace.ts';
import { cliErrorMessage, UsageError } from './exit.ts';
import { gitState } from './gitState.ts';
import { loadPinned } from './pinnedDefinition.ts';
import { isWorkflowFile } from './workflowFile.ts';

/** What is deployed. */
export interface VersionToDeploy {
  readonly name: string;
  /** The path as it was given, for messages. */
  readonly path: string;
  /** The absolute path. */
  readonly file: string;
  readonly subject: Runnable;
  /** For a workflow: its project, and its real file. */
  readonly project: { readonly projectDir?: string; readonly file?: string };
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The input where a run is given none. */
  readonly defaults?: Json | undefined;
  /** What the function that the file exports is called with; undefined when it exports none. */
  readonly settings?: Json | undefined;
  /** What the kept code is loaded with to see whether it can be. */
  readonly loadedWith?: JsonObject | undefined;
  readonly tags: readonly TagChange[];
}

/** Keeps the code, sees that it can be loaded, and adds the version. Rejects with `UsageError` when it cannot; then nothing was deployed. */
export async function deployVersion(
  place: DeploymentPlace,
  { name, path, file, subject, project, createdAt, defaults, settings, loadedWith, tags }: VersionToDeploy,
): Promise<{ readonly deployed: VersionView; readonly warnings: readonly string[] }> {
  const { files, entry, warnings } = await pin({ file, ...project });
  const bundle = await place.bundles.save(files);
  const code = { bundle, entry, source: file };
  await loadPinned(place, code, loadedWith).catch((cause: unknown) => {
    throw new UsageError(
      `${path} can be loaded, but not from the code that would be kept: ${cliErrorMessage(cause)} Nothing was deployed.`,
      { cause },
    );
  });
  const schema = inputSchemaOf(subject);
  const version = {
    ...code,
    kind: subject.kind,
    createdAt,
    ...(await gitState(file)),
    ...(schema === undefined ? {} : { schema }),
    ...(defaults === undefined ? {} : { defaults }),
    ...(settings === undefined ? {} : { settings }),
  };
  const deployed = await place.deployments.add(name, version, tags);
  // The last version that had the same code may have been deleted, with the code, since it was kept.
  await place.bundles.save(files);
  return { deployed, warnings };
}

/** The project of a workflow, with its real file; nothing for other files. `given`: its folder, as an absolute path; the nearest one above the file by default. */
export async function workflowProject(
  file: string,
  given: string | undefined,
): Promise<{ readonly projectDir?: string; readonly file?: string }> {
  if (!isWorkflowFile(file)) return {};
  const { projectOf } = await import('../workflow/files/project/project.ts');
  const { realPath } = await import('../workflow/files/project/workspaces.ts');
  return { projectDir: await realPath(given ?? (await projectOf(file))), file: await realPath(file) };
}
