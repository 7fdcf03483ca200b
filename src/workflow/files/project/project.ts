/** A project of workflows: its folders, and the files that all of its workflows share. */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { GatewayFileDefinition } from '../../../contracts/workflow/gatewayFile.ts';
import { loadLanguage } from '../../loadLanguage.ts';
import { loopTurn } from '../../loopTurn.ts';
import type { EnvironmentValues } from '../define/environment.ts';
import { defineGateway } from '../define/gateway.ts';
import { fit, type Fitted } from '../fit.ts';
import { environmentFileSchema, type EnvironmentSource } from '../schema/environment.ts';
import { gatewayFileSchema, type GatewaySource } from '../schema/gateway.ts';
import { hubLockSchema } from '../schema/hubLock.ts';
import { serversFileSchema } from '../schema/server.ts';
import { loadYaml } from '../yaml/package.ts';
import { fileReader, type FileReader } from './readFiles.ts';
import type { ServersNode } from './sources.ts';
import { openWorkspace, realPath, type Workspace } from './workspaces.ts';

/** Where a project is. */
export interface ProjectOptions {
  readonly projectDir: string;
  /** Where its workflows are; `workflows` in the project by default. */
  readonly workflowDir?: string;
  /** Further folders with workflows, agents and servers, which are looked through after the project. */
  readonly workspaces?: readonly string[];
  /** A `*.env.yaml`. A variable of the process wins over one of this file. */
  readonly envFile?: string;
  /** `gateway.yaml` of the project by default. */
  readonly gatewayFile?: string;
  /** Whether packages in `ktsuhub.lock.yaml` are further workspaces; true by default. */
  readonly hubLock?: boolean;
  /** The variables of the process. */
  readonly env: EnvironmentValues;
}

/** A project: its files are read when they are needed, each once. Load it anew to see changes. */
export interface WorkflowProject {
  /** The absolute path of its folder. */
  readonly dir: string;
  /** Its own folder first. */
  readonly workspaces: readonly Workspace[];
  readonly reader: FileReader;
  readonly manifests: readonly ServersNode[];
  /** Absent when there is no such file. */
  readonly gateway?: SharedFile<GatewaySource>;
  readonly environment?: SharedFile<EnvironmentSource>;
  /** The lock file of hub packages, when it cannot be read. */
  readonly hubLock?: SharedFile<unknown>;
  /** The values of variables: those of the process, then those of the environment file. */
  readonly env: EnvironmentValues;
}

/** A file that all workflows share. */
export interface SharedFile<Value> extends Fitted<Value> {
  readonly file: string;
}

/** Opens a project. Rejects with `environment` when a package is not installed; what is wrong in files is told by what reads them. */
export async function loadProject(options: ProjectOptions): Promise<WorkflowProject> {
  // One after the other: read together, they keep the event loop waiting for twice as long.
  await loadYaml();
  await loopTurn();
  await loadLanguage();
  const reader = fileReader();
  const own = await openWorkspace(options.projectDir, options.workflowDir && resolve(options.workflowDir));
  const lock =
    options.hubLock === false ? undefined : await sharedFile(reader, join(own.dir, 'ktsuhub.lock.yaml'), hubLockSchema);
  const hubs = (lock?.value?.entries ?? []).map(({ cache }) => cache.replace(/^~(?=\/)/, homedir()));
  const workspaces = [own];
  for (const dir of [...(options.workspaces ?? []), ...hubs]) workspaces.push(await openWorkspace(dir));
  const manifests: ServersNode[] = [];
  for (const { dir } of workspaces) {
    const manifest = await sharedFile(reader, join(dir, 'servers.yaml'), serversFileSchema);
    if (manifest) manifests.push({ kind: 'servers', ...manifest });
  }
  const gateway = await sharedFile(reader, resolve(own.dir, options.gatewayFile ?? 'gateway.yaml'), gatewayFileSchema);
  const environment =
    options.envFile === undefined
      ? undefined
      : await fittedFile(reader, resolve(options.envFile), environmentFileSchema);
  return {
    dir: own.dir,
    workspaces,
    reader,
    manifests,
    ...(gateway && { gateway }),
    ...(environment && { environment }),
    ...(lock && lock.problems.length > 0 && { hubLock: lock }),
    env: { ...textsOf(environment?.value?.variables), ...options.env },
  };
}

/** The nearest folder above a workflow file that has `gateway.yaml`, `agents` or `workflows`; its own folder when there is none. */
export async function projectOf(file: string): Promise<string> {
  const start = dirname(await realPath(file));
  for (let dir = start; ; dir = dirname(dir)) {
    const names = await namesIn(dir);
    if (['gateway.yaml', 'agents', 'workflows'].some((name) => names.includes(name))) return dir;
    if (dir === dirname(dir)) return start;
  }
}

/** The definition of the project's gateway; undefined when it has none, or one that does not fit. */
export const projectGateway = ({ gateway, environment }: WorkflowProject): GatewayFileDefinition | undefined =>
  gateway && defineGateway(gateway.file, gateway, environment);

/** The files in a folder whose names end so, by name; none when there is no such folder. */
export const filesIn = async (dir: string, ending: string): Promise<string[]> =>
  (await namesIn(dir))
    .filter((name) => name.endsWith(ending) && name.length > ending.length)
    .sort()
    .map((name) => join(dir, name));

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch {
    return [];
  }
}

/** A file in a folder that is there. */
async function sharedFile<Schema extends Parameters<typeof fit>[0]>(reader: FileReader, file: string, schema: Schema) {
  const there = (await namesIn(dirname(file))).includes(basename(file));
  return there ? fittedFile(reader, await realPath(file), schema) : undefined;
}

const fittedFile = async <Schema extends Parameters<typeof fit>[0]>(
  reader: FileReader,
  file: string,
  schema: Schema,
) => ({ file, ...fit(schema, await reader.read(file)) });

const textsOf = (map: Readonly<Record<string, string | number | boolean>> | null | undefined) =>
  Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, String(value)]));
