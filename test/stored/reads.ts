/** Everything that can be read of a journal, as the commands print it for programs; texts that are too long to be shown as their length and sum. */
import { createHash } from 'node:crypto';
import { openRuntime } from 'troupe';
import { virtualClock } from 'troupe/testing';
import { main } from '../../src/cli/program.ts';
import { standings } from '../../src/runtime/standing.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { fakeCli } from '../cli/fakeCli.ts';

export type Reads = Record<string, unknown>;

/** Ten hours after the stories began: leases are over by then, and no deadline has passed. */
const later = 1_700_000_000_000 + 10 * 3_600_000;

export async function readsOf(journal: Journal): Promise<Reads> {
  const clock = virtualClock({ start: later, seed: 9 });
  const printed = async (...command: string[]) => {
    const cli = fakeCli({ clock, open: (options) => openRuntime({ ...options, db: 'memory', journal, clock }) });
    const code = await main([...command, '--db', 'memory', '--json'], cli);
    if (code !== 0) throw new Error(`troupe ${command.join(' ')} ended with ${code}: ${cli.errorText()}`);
    const lines = cli.outputText().trim().split('\n');
    return command[1] === 'logs'
      ? lines.map((line) => JSON.parse(line) as unknown)
      : (JSON.parse(lines.join('\n')) as unknown);
  };
  const roots = await journal.find({ parent: null });
  const names = roots.map(({ run }) => run).sort();
  const each = async (read: (run: string) => Promise<unknown>) => {
    const all: [string, unknown][] = [];
    for (const run of names) all.push([run, await read(run)]);
    return Object.fromEntries(all);
  };
  const { actors, commits, damage } = await journal.verify();
  const verified = { actors, commits, damage: damage.map(({ actor, seq, what }) => ({ actor, seq, what })) };
  const reads = {
    'runs list': ((await printed('runs', 'list')) as object[]).map(withoutStanding),
    'runs get': await each(async (run) => withoutStanding((await printed('runs', 'get', run)) as object)),
    'runs why': await each(async (run) => ((await printed('runs', 'why', run)) as Reason[]).map(withoutProse)),
    'runs logs': await each((run) => printed('runs', 'logs', run)),
    'waits list': await printed('waits', 'list'),
    'dead list': await printed('dead', 'list'),
    actors: await each((run) => actorsOf(journal, run)),
    ledger: await each(async (run) =>
      (await journal.ledger(run)).map(({ key, actor, at, name, input, outcome }) => ({
        key,
        actor,
        at,
        name,
        input,
        outcome,
      })),
    ),
    inbox: await each((run) => journal.mail(run)),
    undelivered: await each((run) => journal.undelivered(run)),
    leases: (await journal.claims())
      .map(({ run, owner, epoch, until }) => ({ run, owner, epoch, until }))
      .sort((a, b) => (a.run < b.run ? -1 : 1)),
    chains: verified,
  };
  return JSON.parse(JSON.stringify(reads, shortened)) as Reads;
}

interface Reason {
  readonly because: string;
  readonly waitsFor: readonly string[];
}

/** How a run stands depends on the process that asks, and on when it does. Whether it has ended does not. */
function withoutStanding(shown: object): object {
  const { standing: _, needs: __, reason: ___, ...facts } = shown as Record<string, unknown>;
  const isActive = standings.some((each) => each === facts['outcome']);
  return isActive ? { ...facts, outcome: 'active' } : facts;
}

/** The sentences of `runs why` may change. On how many things an actor waits may not. */
const withoutProse = ({ because: _, waitsFor, ...facts }: Reason) => ({ ...facts, waitsFor: waitsFor.length });

/** What is kept of each actor: its input and definition, its snapshot, what is pending, and its lists. */
async function actorsOf(journal: Journal, run: string): Promise<Record<string, unknown>> {
  const rows = await journal.find({ run, limit: 1_000 });
  const actors = rows.map(({ actor }) => actor).sort();
  const all: [string, unknown][] = [];
  for (const actor of actors) {
    const { meta, snapshot, pending, results, lists } = (await journal.load(actor))!;
    const entries: [string, unknown][] = [];
    for (const list of Object.keys(lists).sort()) entries.push([list, await journal.list(actor, list)]);
    all.push([
      actor,
      {
        meta,
        snapshot,
        pending: pending.map(({ key, kind, due, data }) => ({ key, kind, due, data })),
        results: Object.fromEntries(results),
        lists: Object.fromEntries(entries),
      },
    ]);
  }
  return Object.fromEntries(all);
}

function shortened(_: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= 2_000) return value;
  return `${value.length} characters, sha256 ${createHash('sha256').update(value).digest('hex')}`;
}
