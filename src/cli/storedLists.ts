/** The lists that the engine keeps of an actor in the journal, with the types of their entries. */
import { deadLetterList, type DeadLetter } from '../contracts/deadLetter.ts';
import { restartList, type Restart } from '../contracts/restart.ts';
import type { Address } from '../values/ids.ts';
import type { Journal } from '../journal/journal.ts';

type Lists = Pick<Journal, 'list'>;

/** The dead letters that this actor keeps, oldest first. */
export const storedDeadLetters = (journal: Lists, actor: Address): Promise<DeadLetter[]> =>
  entries<DeadLetter>(journal, actor, deadLetterList);

/** The restarts of this actor, oldest first. */
export const storedRestarts = (journal: Lists, actor: Address): Promise<Restart[]> =>
  entries<Restart>(journal, actor, restartList);

/** The engine alone writes these lists, each with entries of one type. */
const entries = async <T>(journal: Lists, actor: Address, list: string): Promise<T[]> =>
  (await journal.list(actor, list)) as unknown[] as T[];
