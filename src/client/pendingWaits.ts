/** The questions that wait for a person, and which of them is meant. */
import type { PendingWait } from '../contracts/client/execution.ts';
import { ticketType, WaitInput } from '../contracts/wait.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { overdueError, ticketOf } from '../runtime/tickets.ts';
import { TroupeError } from '../values/failure.ts';
import { shortName } from './actorCalls.ts';
import { inputIn, mostActors } from './runFacts.ts';

/** A question that its run has not gone on from yet. */
export interface AskedWait {
  readonly wait: PendingWait;
  /** It was answered or withdrawn. */
  readonly isAnswered: boolean;
  /** When its time was up before it was answered: that time, in milliseconds since the epoch. */
  readonly expired?: number;
}

/** A question without an end is stored with ten years; a deadline that is further away than this is none. */
const never = 9 * 365 * 24 * 3_600_000;

/** The questions of a run, or of all runs, that have no end yet; the oldest first. `now`: milliseconds since the epoch. */
export async function askedWaits(
  journal: Pick<Journal, 'find' | 'mail'>,
  { run, now }: { readonly run?: string; readonly now: number },
): Promise<AskedWait[]> {
  const rows = await journal.find({
    type: ticketType,
    status: 'active',
    limit: mostActors,
    ...(run === undefined ? {} : { run }),
  });
  const mail = (await Promise.all([...new Set(rows.map((row) => row.run))].map((one) => journal.mail(one)))).flat();
  return rows
    .toReversed()
    .flatMap((row): AskedWait[] => {
      const ticket = ticketOf(row, mail);
      if (!ticket) return [];
      const { deadline, answered: isAnswered } = ticket;
      const isOverdue = deadline <= now && !isAnswered;
      return [{ wait: pendingWait(row, deadline), isAnswered, ...(isOverdue ? { expired: deadline } : {}) }];
    })
    .toSorted((a, b) => a.wait.entered_waiting_at - b.wait.entered_waiting_at);
}

function pendingWait(row: ActorRow, deadline: number): PendingWait {
  // It was parsed when its ticket was read.
  const { name, question, schema, metadata, subject } = WaitInput.parse(inputIn(row));
  return {
    wait_id: row.actor,
    exec_id: row.run,
    name: name ?? shortName(row.run, row.actor),
    question,
    schema,
    metadata: { ...metadata, ...(subject ? { subject: { ...subject } } : {}) },
    entered_waiting_at: row.created,
    ...(deadline - row.created > never ? {} : { deadline }),
  };
}

/** The questions that nobody has answered, and that can be. */
export const unanswered = (asked: readonly AskedWait[]): PendingWait[] =>
  asked.flatMap(({ wait, isAnswered, expired }) => (isAnswered || expired !== undefined ? [] : [wait]));

/**
 * The question that is meant: by its name, else by its id; without either the only open one.
 * Rejects with `invalid` for a blank selector, `conflict` when none is open, several fit, or it was answered already, `expired` when its time is up,
 * `unknown_recipient` when none fits.
 */
export async function selectWait(
  journal: Pick<Journal, 'find' | 'mail'>,
  { run, wait, now }: { readonly run: string; readonly wait?: string | undefined; readonly now: number },
): Promise<PendingWait> {
  if (wait !== undefined && wait.trim() === '')
    throw new TroupeError('invalid', 'Name the question that is answered, or leave it out; it was empty.');
  const asked = await askedWaits(journal, { run, now });
  const open = unanswered(asked);
  const isNamed = (name: string | undefined) => asked.filter((one) => name !== undefined && one.wait.name === name);
  const exact = isNamed(wait);
  // The id of a question has no "/" of its name.
  const named = exact.length > 0 ? exact : isNamed(wait?.replaceAll('/', '_'));
  const meant = named.length > 0 ? named : asked.filter((one) => wait === undefined || one.wait.wait_id === wait);
  const [found, ...others] = unanswered(meant);
  if (found && others.length === 0) return found;
  if (found)
    throw new TroupeError(
      'conflict',
      `${others.length + 1} questions of "${run}" are meant: ${namesOf([found, ...others])}. Name one of them, by its name or its id.`,
    );
  for (const { wait: late, expired } of meant)
    if (expired !== undefined) throw overdueError({ id: late.wait_id, run, deadline: expired });
  if (meant.length > 0) throw answeredError(run, wait);
  if (wait !== undefined && (await wasAsked(journal, run, wait))) throw answeredError(run, wait);
  if (open.length === 0)
    throw new TroupeError(
      'conflict',
      `Nothing in "${run}" waits for an answer: "troupe runs get ${run}" shows how it stands.`,
    );
  throw new TroupeError('unknown_recipient', `"${run}" has no question "${wait}". Open: ${namesOf(open)}.`);
}

const namesOf = (waits: readonly PendingWait[]): string =>
  waits.map(({ name, wait_id: id }) => `${name} (${id})`).join(', ');

const answeredError = (run: string, wait: string | undefined) =>
  new TroupeError(
    'conflict',
    `${wait === undefined ? 'The question' : `"${wait}"`} of "${run}" was answered already, or withdrawn. A question is answered once.`,
  );

/** Was there a question of this name or id, which has ended? */
async function wasAsked(journal: Pick<Journal, 'find'>, run: string, wait: string): Promise<boolean> {
  const ended = await journal.find({ run, type: ticketType, status: ['done', 'stopped', 'failed'], limit: mostActors });
  return ended.some((row) => row.actor === wait || inputIn(row)['name'] === wait || shortName(run, row.actor) === wait);
}
