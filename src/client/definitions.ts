/** How a client gets the definitions of runs that it begins or goes on with. */
import type { ActorRow } from '../journal/journal.ts';
import type { Runnable } from '../runtime/runtime.ts';
import { TroupeError } from '../values/failure.ts';
import { aboutOf, type RunAbout } from './runFacts.ts';

/** Gives the definition of a run by what was stored with it: its name, the file or the deployment that it came from. Rejects when there is none. */
export type DefinitionResolver = (about: RunAbout) => Promise<Runnable>;

/** The definition of a stored run. Rejects with `unsupported` for a client without a resolver. */
export async function definitionOf(resolver: DefinitionResolver | undefined, root: ActorRow): Promise<Runnable> {
  const about = aboutOf(root);
  return resolve(resolver, about, `go on with the run "${root.run}" of "${about.name ?? root.type}"`);
}

/** The definition that is begun. Rejects as `definitionOf`. */
export const definitionFor = (resolver: DefinitionResolver | undefined, about: RunAbout): Promise<Runnable> =>
  resolve(resolver, about, `start ${JSON.stringify(about.name ?? about.file ?? 'a definition')}`);

function resolve(resolver: DefinitionResolver | undefined, about: RunAbout, what: string): Promise<Runnable> {
  if (resolver) return resolver(about);
  throw new TroupeError(
    'unsupported',
    `This client knows no definitions, so it cannot ${what}. Pass them: troupeClient({ …, definitions: async ({ name }) => myFlows[name] }).`,
  );
}
