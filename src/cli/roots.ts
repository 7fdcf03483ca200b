/** Runs, as the journal knows them: a run is its root actor, the one without a parent. */
import type { Json } from '../contracts/json.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { UsageError } from './exit.ts';

/** Where a run came from. */
export interface About {
  readonly name?: string;
  readonly file?: string;
  /** What the file's function was called with. */
  readonly args?: Json;
}

/** Throws when there is no such run. */
export async function rootOf(journal: Journal, run: string): Promise<ActorRow> {
  const [root] = await journal.find({ run, parent: null, limit: 1 });
  if (root) return root;
  throw new UsageError(
    `There is no run "${run}" in this journal. "troupe runs list" shows those there are; another journal is chosen with --db.`,
  );
}

/** The actors of a run: the root, then those that moved last, in the order of their birth. */
export async function actorsOf(journal: Journal, run: string): Promise<[root: ActorRow, ...ActorRow[]]> {
  const root = await rootOf(journal, run);
  const rows = await journal.find({ run, limit: 10_000 });
  return [root, ...rows.filter(({ actor }) => actor !== root.actor).sort((a, b) => a.created - b.created)];
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
