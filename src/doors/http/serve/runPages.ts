/** The runs of a journal with their sub-runs, page by page, the newest first. */
import { TroupeError } from '../../../values/failure.ts';
import type { Journal } from '../../../journal/journal.ts';
import type { RunView } from '../contracts/runViews.ts';
import type { RunQuery } from '../orchestrator/service.ts';
import { rootRuns, runView, withSubRuns } from './storedRuns.ts';

/** A page of the runs that fit a query; `next` when there are more. Rejects with `invalid` for a cursor that is none. */
export async function runPage(
  journal: Journal,
  { workflow, status, limit, cursor }: RunQuery,
): Promise<{ readonly runs: readonly RunView[]; readonly next?: string }> {
  const all = (await Promise.all((await rootRuns(journal)).map((root) => withSubRuns(journal, root)))).flat();
  const sorted = all.map(runView).toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
  const after = cursor === undefined ? undefined : cursorText(cursor);
  const fitting = sorted.filter(
    (run) =>
      (workflow === undefined || run.workflow_name === workflow) &&
      (status === undefined || run.status === status) &&
      (after === undefined || placeOf(run) < after),
  );
  const page = fitting.slice(0, limit);
  const last = page.at(-1);
  return { runs: page, ...(last && fitting.length > limit ? { next: cursorOf(last) } : {}) };
}

/** Runs are in the order of this text. Times of this form sort as they follow each other. */
const placeOf = ({ created_at, id }: RunView): string => `${created_at} ${id}`;
const cursorOf = (run: RunView): string => Buffer.from(placeOf(run)).toString('base64url');

function cursorText(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (/^\d{4}-[\dT:.-]+Z \S+$/.test(text)) return text;
  throw new TroupeError('invalid', 'The cursor is none that this server gave.');
}
