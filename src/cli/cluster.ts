/** `troupe nodes`, `ps`, `drain` and `migrate`: which nodes there are, who has which run, and how to change that. */
import { openCluster, type Cluster } from '../cluster/client.ts';
import type { NodeReport } from '../cluster/report.ts';
import { durationWords, shortState } from '../observe/words.ts';
import type { Cli } from './cli.ts';
import { exit, messageOf, UsageError } from './exit.ts';
import { placeOf, runtimeOptions, type Shared } from './options.ts';
import { ago, say, writeJson, writeTable } from './output.ts';
import { aboutOf } from './roots.ts';

/** Throws when no server is named. */
export const clusterOf = (cli: Cli, options: Shared): Promise<Cluster> => {
  const place = placeOf(cli, options);
  if (place === undefined)
    throw new UsageError('Nodes meet on a NATS server: name it with --nats nats://host:port, or TROUPE_NATS.');
  return openCluster(place, cli.clock);
};

export async function nodes(cli: Cli, options: Shared): Promise<number> {
  await using cluster = await clusterOf(cli, options);
  const found = await cluster.nodes();
  if (options.json) writeJson(cli.out, found);
  else if (found.length === 0) say(cli, 'No nodes. Start one with: troupe node FILE --nats URL');
  else {
    const skewed = skewIn(found);
    writeTable(
      cli.out,
      ['NODE', 'STATE', 'RUNS', 'BUSY', 'OFFERS', 'LABELS', 'HEALTH', 'MEMORY', 'UP', 'WHERE'],
      found.map((node) => [
        node.name,
        node.leaving ? 'leaving' : node.full ? 'full' : 'ready',
        String(node.runs),
        String(node.busy),
        node.offers.map(({ name, hash }) => (skewed.has(name) ? `${name}@${hash.slice(0, 7)}` : name)).join(' '),
        node.labels.join(' ') || '-',
        node.health,
        `${Math.round(node.memory / 1024 / 1024)} MB`,
        durationWords(cli.clock.now() - node.since),
        `${node.host} ${node.pid}`,
      ]),
    );
    for (const name of skewed)
      say(
        cli,
        `"${name}" runs in more than one version (after the @). See who can move: troupe migrate --of ${name} --to NODE --dry-run`,
      );
  }
  return exit.done;
}

/** Names that nodes offer with different machines. */
function skewIn(nodes: readonly NodeReport[]): Set<string> {
  const hashes = new Map<string, string>();
  const skewed = new Set<string>();
  for (const { name, hash } of nodes.flatMap(({ offers }) => offers)) {
    if (hashes.has(name) && hashes.get(name) !== hash) skewed.add(name);
    hashes.set(name, hash);
  }
  return skewed;
}

export async function ps(cli: Cli, options: Shared): Promise<number> {
  await using cluster = await clusterOf(cli, options);
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const { journal } = runtime;
  const names = new Map((await cluster.nodes()).map(({ owner, name }) => [owner, name]));
  const now = cli.clock.now();
  const rows = await Promise.all(
    (await journal.claims()).map(async ({ run, owner, epoch, until }) => {
      const [root] = await journal.find({ run, parent: null, limit: 1 });
      const isFree = until <= now;
      return {
        run,
        name: root ? (aboutOf(root).name ?? root.type) : '',
        state: root ? shortState(root.state) : '',
        node: isFree ? null : (names.get(owner) ?? null),
        owner: isFree ? null : owner,
        epoch,
        /** Milliseconds that the lease still lasts. */
        lease: Math.max(0, until - now),
        actors: (await journal.find({ run, status: 'active', limit: 10_000 })).length,
        mail: (await journal.mail(run)).length,
        moved: root?.updated ?? 0,
      };
    }),
  );
  if (options.json) writeJson(cli.out, rows);
  else if (rows.length === 0) say(cli, 'No run goes on.');
  else
    writeTable(
      cli.out,
      ['RUN', 'NAME', 'STATE', 'NODE', 'EPOCH', 'LEASE', 'ACTORS', 'MAIL', 'MOVED'],
      rows.map(({ run, name, state, node, owner, epoch, lease, actors, mail, moved }) => [
        run,
        name,
        state,
        node ?? (owner === null ? '(free)' : owner.split(' ').slice(0, 2).join(' ')),
        String(epoch),
        lease === 0 ? '-' : durationWords(lease),
        String(actors),
        String(mail),
        ago(now, moved),
      ]),
    );
  return exit.done;
}

export async function drain(cli: Cli, node: string, options: Shared): Promise<number> {
  await using cluster = await clusterOf(cli, options);
  const runs = await cluster.drain(node);
  if (options.json) writeJson(cli.out, { node, runs });
  else say(cli, `"${node}" takes no more runs, and has let go of ${runs}. Stop it with SIGTERM.`);
  return exit.done;
}

export interface MigrateOptions extends Shared {
  readonly to: string;
  readonly of?: string;
  readonly share: number;
  readonly dryRun?: boolean;
}

interface Move {
  readonly run: string;
  readonly moves: boolean;
  readonly why?: string;
}

export async function migrate(cli: Cli, run: string | undefined, options: MigrateOptions): Promise<number> {
  if ((run === undefined) === (options.of === undefined))
    throw new UsageError('Name a run, or all of one definition with --of NAME.');
  await using cluster = await clusterOf(cli, options);
  const runs = run === undefined ? await runsOf(cli, options) : [run];
  const moves: Move[] = [];
  for (const each of runs) moves.push(await moveOne(cluster, each, options));
  const done = options.dryRun ? 'can move' : 'moved';
  if (options.json) writeJson(cli.out, moves);
  else if (moves.length === 0) say(cli, `No run of "${options.of}" goes on.`);
  else for (const { run, moves: does, why } of moves) cli.out.write(`${run}  ${does ? done : `stays: ${why}`}\n`);
  return moves.every(({ moves: does }) => does) ? exit.done : exit.failed;
}

/** Those that go on; of a share below 100 the first ones by name, so that asking for more later adds to them. */
async function runsOf(cli: Cli, options: MigrateOptions): Promise<string[]> {
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const going = await runtime.journal.find({ parent: null, status: 'active', limit: 1_000_000 });
  const named = going
    .filter((root) => aboutOf(root).name === options.of)
    .map(({ run }) => run)
    .sort();
  return named.slice(0, Math.ceil((named.length * options.share) / 100));
}

async function moveOne(cluster: Cluster, run: string, { to, dryRun }: MigrateOptions): Promise<Move> {
  const no = (why: string): Move => ({ run, moves: false, why });
  if (dryRun) {
    const [first] = await cluster.misfits(run, to);
    return first ? no(first.message) : { run, moves: true };
  }
  try {
    await cluster.migrate(run, to);
    return { run, moves: true };
  } catch (thrown) {
    return no(messageOf(thrown));
  }
}
