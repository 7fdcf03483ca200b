/**
 * Lists of runs, page by page.
 *
 * LR1 A page begins after the last run of the page before, in the order of their last change and then of their address. A run that has not changed since is
 *    listed once.
 * LR2 A page reads about as many runs as it lists, whatever the number of those that are stored.
 */
import type { Execution, ExecutionStatus, Page } from '../contracts/client/execution.ts';
import { ExecutionStatus as Status } from '../contracts/client/execution.ts';
import type { ExecutionQuery } from '../contracts/client/executions.ts';
import { ticketType } from '../contracts/wait.ts';
import type { ActorQuery, ActorRow, Journal } from '../journal/journal.ts';
import { actingTag } from '../runtime/paused.ts';
import { waitingFlow } from '../runtime/standing.ts';
import { TroupeError } from '../values/failure.ts';
import { runCounts, runSummary, type ClientReader } from './readRun.ts';
import { readCursor, writeCursor } from './cursor.ts';

/** The page size by default, and the largest one. */
const [usual, most] = [20, 200];

/** As many runs are read as are wanted, and twice as many each time when few of them fit; at most so many at once. */
const largestChunk = 5_000;

/** With at most so many open questions, the runs that wait are found by them. */
const fewQuestions = 1_000;

/** The runs that fit, the last changed first. Rejects with `invalid` for a limit, a status or a cursor that there is not. */
export async function executionsPage(reader: ClientReader, query: ExecutionQuery = {}): Promise<Page<Execution>> {
  const limit = requireLimit(query.limit ?? usual, most);
  const wanted = requireStatus(query.status);
  const found: Execution[] = [];
  let place = query.cursor === undefined ? undefined : readCursor(query.cursor);
  for (let size = limit; ; size = Math.min(size * 2, largestChunk)) {
    const rows = await rowsAfter(reader, place, {
      size,
      ...(wanted === undefined ? {} : { wanted }),
      name: query.flow,
    });
    for (const row of rows) {
      place = { updated: row.updated, actor: row.actor };
      const summary = await runSummary(reader, row);
      if (wanted !== undefined && summary.status !== wanted) continue;
      found.push({ ...summary, ...(await runCounts(reader, row)) });
      if (found.length === limit) {
        const isLast = rows.at(-1) === row && rows.length < size;
        return { items: found, ...(isLast ? {} : { next: writeCursor(place) }) };
      }
    }
    if (rows.length < size) return { items: found };
  }
}

/** Throws `invalid` unless it is a whole number from 1. A larger one than `largest` counts as that. */
export function requireLimit(limit: number, largest: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return Math.min(limit, largest);
  throw new TroupeError('invalid', `A limit is a whole number from 1; got ${String(limit)}.`);
}

function requireStatus(status: string | undefined): ExecutionStatus | undefined {
  if (status === undefined) return undefined;
  const parsed = Status.safeParse(status.trim().toLowerCase());
  if (parsed.success) return parsed.data;
  throw new TroupeError('invalid', `A run is ${Status.options.join(', ')}; got "${status}".`);
}

/** Where a page ended. */
type Place = { readonly updated: number; readonly actor: string };

/** What is looked for. */
interface RowSelection {
  readonly size: number;
  readonly wanted?: ExecutionStatus;
  readonly name: string | undefined;
}

/** The roots after a place, at least `size` of them if there are as many. */
async function rowsAfter(
  { journal }: ClientReader,
  place: Place | undefined,
  selection: RowSelection,
): Promise<ActorRow[]> {
  const { size, wanted, name } = selection;
  const asking = wanted === 'waiting' ? await rootsOfQuestions(journal, name) : undefined;
  const after = asking?.filter((row) => !place || byChange(row, place) > 0) ?? [];
  const asked = new Set(after.map(({ actor }) => actor));
  // Those that have no question wait for a signal or for time: only flows do.
  const looked: Partial<ActorQuery>[] = asking ? [{ status: 'active', state: waitingFlow }] : queriesFor(wanted);
  const queries = looked.map((query): ActorQuery => ({
    ...query,
    parent: null,
    ...(name === undefined ? {} : { definition: name }),
    ...(place ? { until: place.updated + 1 } : {}),
  }));
  const read = await Promise.all(queries.map((query) => untilTie(journal.find, query, place, size)));
  const others = read.flat().filter(({ actor }) => !asked.has(actor));
  return [...after, ...others].toSorted(byChange).slice(0, size);
}

/** The roots of all runs with an open question, where those are few; undefined where they are many. */
async function rootsOfQuestions(
  journal: Pick<Journal, 'find'>,
  name: string | undefined,
): Promise<ActorRow[] | undefined> {
  const questions = await journal.find({ type: ticketType, status: 'active', limit: fewQuestions });
  if (questions.length === fewQuestions) return undefined;
  const runs = [...new Set(questions.map(({ run }) => run))];
  const query = { parent: null, limit: 1, ...(name === undefined ? {} : { definition: name }) };
  const roots = await Promise.all(runs.map((run) => journal.find({ ...query, run })));
  return roots.flat().toSorted(byChange);
}

/** Reads so many that those that were changed in the same millisecond are all read: the journal does not say in which order they come. */
async function untilTie(
  find: (query: ActorQuery) => Promise<ActorRow[]>,
  query: ActorQuery,
  place: Place | undefined,
  size: number,
): Promise<ActorRow[]> {
  for (let limit = size + 1; ; limit *= 2) {
    const rows = await find({ ...query, limit });
    const after = rows.filter((row) => !place || byChange(row, { ...place }) > 0);
    const [last, inner] = [rows.at(-1), after.toSorted(byChange)[size - 1]];
    if (rows.length < limit || (inner && last && last.updated < inner.updated)) return after;
  }
}

const byChange = (a: Place, b: Place): number =>
  b.updated - a.updated || (a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0);

/** Which actors can have this status. An agent or a flow that failed is done, in the state `failed`. */
function queriesFor(status: ExecutionStatus | undefined): Partial<ActorQuery>[] {
  switch (status) {
    case undefined:
      return [{}];
    case 'paused':
      return ['paused', actingTag].map((tag) => ({ status: 'active', tag }));
    case 'running':
    case 'waiting':
      return [{ status: 'active' }];
    case 'completed':
      return [{ status: 'done' }];
    case 'failed':
      return [{ status: 'failed' }, { status: 'done', state: 'failed' }];
    case 'cancelled':
      return [{ status: 'stopped' }, { status: 'done', state: 'cancelled' }];
  }
}
