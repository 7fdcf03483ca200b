/** The definitions of a process that hosts runs: those of its files, and whatever was stored with a run: the deployed version or the file that it is of. */
import type { ResolvedDefinition } from '../client/definitions.ts';
import { TroupeError } from '../values/failure.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';
import { loadDefinition } from './load.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import type { CommonOptions } from './options.ts';
import { definitionOfRun } from './runDefinition.ts';
import type { RunOrigin } from './runRows.ts';

/** Definitions by their names, and by what was stored with runs. */
export interface HostedDefinitions {
  readonly names: readonly string[];
  /** May it be gone on with without being asked for: is it of a file that is served, or of a deployed version? */
  isServed(origin: RunOrigin): boolean;
  /** Rejects with `unknown_recipient` for a name that is not there, `definition` for a file that cannot be run, and as `loadPinned`. */
  find(origin: RunOrigin): Promise<ResolvedDefinition>;
}

/** Loads the files. Rejects with `UsageError` for one that cannot be run, and for two of one name. */
export async function hostedDefinitions(
  cli: Cli,
  files: readonly string[],
  options: CommonOptions,
): Promise<HostedDefinitions> {
  const known = new Map<string, LoadedDefinition>();
  for (const file of files) {
    const loaded = await loadDefinition(cli.cwd, file);
    const { name } = loaded.subject;
    if (known.has(name)) throw new UsageError(`Two files define "${name}". Give one of them another name.`);
    known.set(name, loaded);
  }
  const servedOf = ({ name, deployment }: RunOrigin) =>
    name === undefined || deployment ? undefined : known.get(name);

  return {
    names: [...known.keys()],
    isServed: (origin) => origin.deployment !== undefined || servedOf(origin) !== undefined,
    async find(origin) {
      const found = servedOf(origin) ?? (await asRequest(definitionOfRun(cli, origin, options)));
      if (found) return resolved(found);
      throw new TroupeError(
        'unknown_recipient',
        `There is no definition ${JSON.stringify(origin.name ?? '')} here. There is ${[...known.keys()].join(', ') || 'none'}.`,
      );
    },
  };
}

/** With what "troupe run" stores as well, so that any process can go on with the run. */
const resolved = ({ subject, file, isFromFunction }: LoadedDefinition): ResolvedDefinition => ({
  definition: subject,
  about: { file, ...(isFromFunction ? { args: {} } : {}) },
});

/** A file that is named by a request: what is wrong with it is the fault of the request. */
async function asRequest<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (thrown) {
    if (thrown instanceof UsageError) throw new TroupeError('definition', thrown.message, { cause: thrown });
    throw thrown;
  }
}
