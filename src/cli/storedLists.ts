/** The lists of an actor in the journal that commands read, with the types of their entries. */
import type { Artifact } from '../contracts/media.ts';
import { artifactList } from '../contracts/parts.ts';
import { restartList, type Restart } from '../contracts/restart.ts';
import type { Address } from '../values/ids.ts';
import type { Journal } from '../journal/journal.ts';

type Lists = Pick<Journal, 'list'>;

/** The restarts of this actor, oldest first. */
export const storedRestarts = (journal: Lists, actor: Address): Promise<Restart[]> =>
  entries<Restart>(journal, actor, restartList);

/** The images, audio and files that this actor holds, oldest first. */
export const storedArtifacts = (journal: Lists, actor: Address): Promise<Artifact[]> =>
  entries<Artifact>(journal, actor, artifactList);

/** Only entries of one type are written to each of these lists. */
const entries = async <T>(journal: Lists, actor: Address, list: string): Promise<T[]> =>
  (await journal.list(actor, list)) as unknown[] as T[];
