/** Opens the stored files, and runs the second process of a story. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { testRuntime } from 'troupe/testing';
import type { RunOutcome } from 'troupe';
import type { Journal } from '../../src/journal/journal.ts';
import { sqlite } from '../../src/journal/sqlite/sqlite.ts';
import { stories, type StoryName } from './stories.ts';
import type { World } from './subjects.ts';

/** Of each story, the runs that are kept as cassettes as well. They were exported after its second process. */
export const cassettes: Readonly<Record<StoryName, readonly string[]>> = {
  approval: ['mail-asks', 'clerk-asks'],
  team: ['desk-done', 'desk-failed', 'desk-cancelled', 'desk-asks'],
  routing: ['pool-waits', 'house-calm'],
  letters: [],
  shared: [],
};

export const fixture = (name: string) => resolve(import.meta.dirname, 'fixtures', name);

/** A copy of a stored SQLite journal, opened as a user would. */
export function copyOf(name: StoryName, folder: string): Promise<Journal> {
  const path = join(folder, `${name}.db`);
  writeFileSync(path, gunzipSync(readFileSync(fixture(`${name}.db.gz`))));
  return sqlite(path);
}

/** A copy of a stored cassette. */
export function cassetteFile(run: string, folder: string): string {
  const path = join(folder, `${run}.json`);
  writeFileSync(path, gunzipSync(readFileSync(fixture(`${run}.cassette.json.gz`))));
  return path;
}

export interface Ends {
  /** The outcome of each run that was continued. */
  readonly outcomes: Record<string, RunOutcome>;
  /** Every call of a model, a tool or an effect, sorted, because runs go on side by side. */
  readonly calls: readonly string[];
  /** Keys of effects that were started although their result was in the ledger. There must be none. */
  readonly repeated: readonly string[];
}

/** Continues the runs of a stored journal in another process, ten hours after the first one started, on a virtual clock. */
export async function goOn(name: StoryName, journal: Journal): Promise<Ends> {
  const world: World = { calls: [] };
  const known = new Set<string>();
  for (const { run } of await journal.find({ parent: null }))
    for (const { key } of await journal.ledger(run)) known.add(key);
  const repeated: string[] = [];
  await using runtime = await testRuntime({ journal, seed: 2 });
  using _ = runtime.observe((event) => {
    if (event.type === 'effect.started' && known.has(event.key)) repeated.push(event.key);
  });
  await runtime.advance('10h');
  const outcomes = await stories[name].goOn({ runtime, world });
  return JSON.parse(JSON.stringify({ outcomes, calls: world.calls.toSorted(), repeated })) as Ends;
}

/** The id and the hash of the machine that wrote each actor's snapshot. */
export async function hashesOf(journal: Journal): Promise<Record<string, string>> {
  const rows = await journal.find({ limit: 10_000 });
  const hashes = rows.map(({ actor, snapshot }) => {
    const { machine, hash } = snapshot as { machine: string; hash: string };
    return [actor, `${machine} ${hash}`] as const;
  });
  return Object.fromEntries(hashes.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
