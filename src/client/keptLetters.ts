/** The dead letters of a journal with the marks that were left for them, read from any process. */
import { deadLetterList, type DeadLetter } from '../contracts/deadLetter.ts';
import { markIn, type DeadLetterMark } from '../contracts/deadLetterMark.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { Address } from '../values/ids.ts';

/** A dead letter, with the actor that keeps it. */
export interface KeptLetter {
  readonly letter: DeadLetter;
  readonly run: string;
  readonly keeper: Address;
  /** What was done with it; undefined while nothing was. Sending it again counts for more than dropping it. */
  readonly mark: DeadLetterMark | undefined;
}

type Reader = Pick<Journal, 'find' | 'list' | 'mail'>;

/** How many actors are searched at most, the latest ones first. */
const maxActors = 10_000;

/** Newest first; of all runs, or of one. */
export async function keptLetters(journal: Reader, run?: string): Promise<KeptLetter[]> {
  const rows = await journal.find({ ...(run === undefined ? {} : { run }), limit: maxActors });
  const byActor = await Promise.all(rows.map(async (row) => ({ row, letters: await lettersIn(journal, row.actor) })));
  const runs = new Set(byActor.filter(({ letters }) => letters.length > 0).map(({ row }) => row.run));
  const marks = new Map(await Promise.all([...runs].map(async (one) => [one, await marksOf(journal, one)] as const)));
  return byActor
    .flatMap(({ row, letters }) => letters.map((letter) => keptLetter(letter, row, marks.get(row.run) ?? [])))
    .sort((a, b) => b.letter.at - a.letter.at);
}

function keptLetter(letter: DeadLetter, { run, actor }: ActorRow, marks: readonly DeadLetterMark[]): KeptLetter {
  const own = marks.filter((mark) => mark.letter === letter.id);
  return { letter, run, keeper: actor, mark: own.find(({ how }) => how === 'redriven') ?? own[0] };
}

/** The marks of a run in the order in which they count (DL2). */
async function marksOf(journal: Reader, run: string): Promise<DeadLetterMark[]> {
  // The inbox first: a mark that goes from there to the list meanwhile is read twice, and not missed.
  const waiting = (await journal.mail(run)).flatMap((message) => markIn(message) ?? []);
  const roots = await journal.find({ run, parent: null });
  const stored = await Promise.all(roots.map(({ actor }) => entries(journal, actor)));
  return [...stored.flat().flatMap((entry) => markIn(entry) ?? []), ...waiting];
}

const lettersIn = async (journal: Reader, actor: Address): Promise<DeadLetter[]> =>
  (await entries(journal, actor)).filter((entry) => markIn(entry) === undefined);

/** Only dead letters are written to this list. */
const entries = async (journal: Reader, actor: Address): Promise<DeadLetter[]> =>
  (await journal.list(actor, deadLetterList)) as unknown[] as DeadLetter[];
