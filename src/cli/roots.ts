/** Runs, as the journal knows them: a run is its root actor, the one without a parent. */
import type { Json } from '../contracts/json.ts';
import type { ActorQuery, ActorRow, Journal } from '../journal/journal.ts';
import { UsageError } from './exit.ts';

/** Where a run came from. */
export interface About {
  readonly name?: string;
  readonly file?: string;
  /** What the file's function was called with. */
  readonly args?: Json;
}

/** Every actor of a run, the root first. Throws when there is no such run. */
export async function actorsOf(journal: Journal, run: string): Promise<[root: ActorRow, ...ActorRow[]]> {
  const rows = await journal.find({ run, limit: 10_000 });
  const root = rows.find(({ parent }) => parent === undefined);
  if (!root)
    throw new UsageError(
      `There is no run "${run}" in this journal. "troupe runs list" shows those there are; another journal is chosen with --db.`,
    );
  return [root, ...rows.filter((row) => row !== root).sort((a, b) => a.created - b.created)];
}

export const rootOf = async (journal: Journal, run: string): Promise<ActorRow> => (await actorsOf(journal, run))[0];

/** The newest runs. Roots are looked for among all actors, further back until there are enough. */
export async function newestRoots(
  journal: Journal,
  query: Pick<ActorQuery, 'status'>,
  count: number,
): Promise<ActorRow[]> {
  for (let limit = count * 10; ; limit *= 10) {
    const rows = await journal.find({ ...query, limit });
    const roots = rows.filter(({ parent }) => parent === undefined);
    if (roots.length >= count || rows.length < limit) return roots.slice(0, count);
  }
}

export function aboutOf({ meta }: ActorRow): About {
  const { about } = (meta ?? {}) as { about?: About };
  return about ?? {};
}

/** Actors in the order of their family, each with how deep it is. */
export function family(rows: readonly ActorRow[]): { row: ActorRow; depth: number }[] {
  const children = new Map<string | undefined, ActorRow[]>();
  const known = new Set(rows.map(({ actor }) => actor));
  for (const row of rows) {
    const parent = row.parent !== undefined && known.has(row.parent) ? row.parent : undefined;
    children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  const walk = (parent: string | undefined, depth: number): { row: ActorRow; depth: number }[] =>
    (children.get(parent) ?? []).flatMap((row) => [{ row, depth }, ...walk(row.actor, depth + 1)]);
  return walk(undefined, 0);
}
