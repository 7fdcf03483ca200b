/** Tells whether an actor is one that a query looks for. */
import { propertiesOf } from '../values/properties.ts';
import type { ActorQuery, ActorRow } from './journal.ts';

/** Does every field of the query that is given hold for the actor? */
export function matchesQuery(
  row: ActorRow,
  { run, actor, type, parent, status, tag, state, definition, since, until }: ActorQuery,
): boolean {
  return (
    (run === undefined || row.run === run) &&
    (actor === undefined || row.actor === actor) &&
    (type === undefined || row.type === type) &&
    (parent === undefined || (row.parent ?? null) === parent) &&
    (status === undefined || [status].flat().includes(row.status)) &&
    (tag === undefined || row.tags.includes(tag)) &&
    (state === undefined || row.state.startsWith(state)) &&
    (definition === undefined || propertiesOf(propertiesOf(row.meta)['about'])['name'] === definition) &&
    (since === undefined || row.updated >= since) &&
    (until === undefined || row.updated < until)
  );
}
