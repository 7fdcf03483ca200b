/** Finds runs and their actors in the journal. The row of a run is that of its root actor, which has no parent. */
import type { Json, JsonObject } from '../values/json.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { TroupeError } from '../values/failure.ts';
import type { DeploymentOrigin } from './pinnedDefinition.ts';

/** Where a run was started from, as it is stored with the run. */
export type RunOrigin = {
  /** The name of the definition. */
  readonly name?: string;
  /** The path of the file; missing for a run that was started from code. */
  readonly file?: string;
  /** What the function of the file was called with. */
  readonly args?: Json;
  /** The version of a deployment that it belongs to: its code goes on with it. */
  readonly deployment?: DeploymentOrigin;
};

/** The root actor of a run. Rejects with `unknown_recipient` when there is no such run. */
export async function rootRowOf(journal: Journal, run: string): Promise<ActorRow> {
  const [root] = await journal.find({ run, parent: null, limit: 1 });
  if (root) return root;
  throw new TroupeError(
    'unknown_recipient',
    `There is no run "${run}" in this journal. "troupe runs list" shows those there are; another journal is chosen with --db.`,
  );
}

/** The actors of a run, 10,000 at most: the root, then the others in the order in which they were spawned. */
export async function actorRowsOf(journal: Journal, run: string): Promise<[root: ActorRow, ...ActorRow[]]> {
  const root = await rootRowOf(journal, run);
  const rows = await journal.find({ run, limit: 10_000 });
  return [root, ...rows.filter(({ actor }) => actor !== root.actor).sort((a, b) => a.created - b.created)];
}

/** Where a run was started from, from the row of its root. */
export function runOriginOf({ meta }: ActorRow): RunOrigin {
  // The runtime stores it with every run that it starts.
  const { about } = (meta ?? {}) as { about?: RunOrigin };
  return about ?? {};
}

/** Actors in the order of their tree, children after their parent, each with its depth from 0. */
export function inTreeOrder(rows: readonly ActorRow[]): { row: ActorRow; depth: number }[] {
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

/** An actor as `--json` shows it; a root with where its run was started from. */
export const rowSummary = (row: ActorRow): JsonObject => {
  const { run, actor, type, parent, status, state, tags, created, updated, seq } = row;
  return {
    run,
    actor,
    type,
    parent: parent ?? null,
    status,
    state,
    tags,
    created,
    updated,
    seq,
    ...(parent === undefined ? { about: runOriginOf(row) } : {}),
  };
};
