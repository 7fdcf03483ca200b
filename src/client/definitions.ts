/** How a client gets the definitions of runs that it begins or goes on with. */
import type { ActorRow } from '../journal/journal.ts';
import type { JsonObject } from '../values/json.ts';
import { isRunnable, type Runnable } from '../runtime/runtime.ts';
import { TroupeError } from '../values/failure.ts';
import { aboutOf, type RunAbout } from './runFacts.ts';

/** A definition, and what is stored with a run that is begun of it, so that another process finds the definition. */
export interface ResolvedDefinition {
  /** What is run. */
  readonly definition: Runnable;
  /** Such as `file`, the absolute path of the file that exports it. Nothing by default. */
  readonly about?: JsonObject;
}

/** Gives the definition of a run by what was stored with it: its name, the file or the deployment that it came from. Rejects when there is none. */
export type DefinitionResolver = (about: RunAbout) => Promise<Runnable | ResolvedDefinition>;

/** The definition of a stored run. Rejects with `unsupported` for a client without a resolver. */
export async function definitionOf(resolver: DefinitionResolver | undefined, root: ActorRow): Promise<Runnable> {
  const about = aboutOf(root);
  const found = await resolve(resolver, about, `go on with the run "${root.run}" of "${about.name ?? root.type}"`);
  return found.definition;
}

/** The definition that is begun. Rejects as `definitionOf`. */
export const definitionFor = (resolver: DefinitionResolver | undefined, about: RunAbout): Promise<ResolvedDefinition> =>
  resolve(resolver, about, `start ${JSON.stringify(about.name ?? about.file ?? 'a definition')}`);

async function resolve(
  resolver: DefinitionResolver | undefined,
  about: RunAbout,
  what: string,
): Promise<ResolvedDefinition> {
  if (!resolver)
    throw new TroupeError(
      'unsupported',
      `This client knows no definitions, so it cannot ${what}. Pass them: troupeClient({ …, definitions: async ({ name }) => myFlows[name] }).`,
    );
  const found = await resolver(about);
  return isRunnable(found) ? { definition: found } : found;
}
