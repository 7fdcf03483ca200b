/** The tickets of a journal page by page, the oldest first, each as a view of it. */
import { TroupeError } from '../../../values/failure.ts';
import type { Address } from '../../../values/ids.ts';
import { ticketType } from '../../../contracts/wait.ts';
import type { ActorRow, Journal } from '../../../journal/journal.ts';
import type { ListPage, ListQuery } from '../orchestrator/service.ts';
import { rowsOf, type RowOf } from './stepPlaces.ts';

/** A view, and the ticket that it is of. */
export interface TicketView<View> {
  readonly ticket: Address;
  readonly view: View;
}

/** Which tickets are looked at. */
export interface TicketQuery extends Partial<ListQuery> {
  /** Only those of this run. */
  readonly run?: string | undefined;
  /** Only those that are open. */
  readonly pending: boolean;
}

/** The tickets of which there is a view, all of them without a limit; `next` when there are more. Rejects with `invalid` for a cursor that is none. */
export async function ticketPage<View>(
  journal: Journal,
  { run, pending, limit = Infinity, cursor }: TicketQuery,
  viewOf: (ticket: ActorRow, rowOf: RowOf) => Promise<View | undefined>,
): Promise<ListPage<TicketView<View>>> {
  const after = cursor === undefined ? undefined : placeIn(cursor);
  const tickets = (await allTickets(journal, run, pending))
    .filter((row) => after === undefined || byPlace(row, after) > 0)
    .toSorted(byPlace);
  const rowOf = rowsOf(journal);
  const items: TicketView<View>[] = [];
  let last: ActorRow | undefined;
  for (let from = 0; from < tickets.length; from += chunk) {
    const rows = tickets.slice(from, from + chunk);
    const views = await Promise.all(rows.map((row) => viewOf(row, rowOf)));
    for (const [n, row] of rows.entries()) {
      const view = views[n];
      if (view === undefined) continue;
      if (last && items.length === limit) return { items, next: cursorOf(last) };
      items.push({ ticket: row.actor, view });
      last = row;
    }
  }
  return { items };
}

/** So many tickets are looked at at once. */
const chunk = 100;

async function allTickets(journal: Journal, run: string | undefined, pending: boolean): Promise<readonly ActorRow[]> {
  for (let limit = 10_000; ; limit *= 4) {
    const rows = await journal.find({
      type: ticketType,
      ...(run === undefined ? {} : { run }),
      ...(pending ? { status: 'active' as const } : {}),
      limit,
    });
    if (rows.length < limit) return rows;
  }
}

type Place = Pick<ActorRow, 'created' | 'actor'>;

const byPlace = (a: Place, b: Place): number =>
  a.created - b.created || (a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0);

const cursorOf = ({ created, actor }: Place): string => Buffer.from(`${created} ${actor}`).toString('base64url');

function placeIn(cursor: string): Place {
  const [, created, actor] = /^(\d+) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (created !== undefined && actor !== undefined) return { created: Number(created), actor };
  throw new TroupeError('invalid', 'The cursor is none that this server gave.');
}
