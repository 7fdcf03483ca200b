/** `troupe nodes`, `ps`, `drain` and `migrate`: lists the nodes of a cluster and the runs that they hold, and moves runs. */
import type { Cluster } from '../../cluster/client.ts';
import type { NodeReport } from '../../cluster/nodeReport.ts';
import { withNats } from '../../nats/packages.ts';
import { formatDuration, shortenState } from '../../observe/format.ts';
import type { RunHolder } from '../../cluster/standings.ts';
import { standingsOf, type RunStanding } from '../../runtime/standing.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, cliErrorMessage, UsageError } from '../exit.ts';
import { natsOptionsOf, runtimeOptions, type CommonOptions } from '../options.ts';
import { serverOption } from '../output/shellWord.ts';
import { writeMessage, writeJson, writeTable } from '../output/write.ts';
import { runOriginOf } from '../runRows.ts';

/** Connects to the cluster on the server that the options name. Throws `UsageError` when they name none. */
export async function connectCluster(cli: Cli, options: CommonOptions): Promise<Cluster> {
  const settings = natsOptionsOf(cli, options);
  if (settings === undefined)
    throw new UsageError('Nodes meet on a NATS server: name it with --nats nats://host:port, or TROUPE_NATS.');
  const { openCluster } = await withNats(() => import('../../cluster/client.ts'));
  return openCluster(settings, cli.clock);
}

/** Lists the nodes of a cluster. */
export async function nodesCommand(cli: Cli, options: CommonOptions): Promise<number> {
  await using cluster = await connectCluster(cli, options);
  const found = await cluster.nodes();
  if (options.json) writeJson(cli.out, found);
  else if (found.length === 0) writeMessage(cli, 'No nodes. Start one with: troupe node FILE --nats URL');
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
        formatDuration(cli.clock.now() - node.since),
        `${node.host} ${node.pid}`,
      ]),
    );
    writeTroubles(cli, found);
    for (const { name, skipped } of found)
      if (skipped !== undefined)
        writeMessage(
          cli,
          `"${name}" has skipped ${skipped} ${skipped === 1 ? 'message' : 'messages'} of another program in its log: what it prints names the last one.`,
        );
    for (const name of skewed)
      writeMessage(
        cli,
        `"${name}" runs in more than one version (after the @). See who can move: troupe migrate --of ${name} --to NODE --dry-run${serverOption(options)}`,
      );
  }
  return exitCodes.done;
}

/** Which nodes cannot use their journal, why, and since when their commits wait. */
function writeTroubles(cli: Cli, nodes: readonly NodeReport[]): void {
  for (const { name, trouble, lag } of nodes) {
    const waits = lag === undefined ? '' : `its oldest commit has waited for ${formatDuration(lag)}`;
    if (trouble !== undefined) writeMessage(cli, `"${name}" is not ready: ${trouble}${waits && `; ${waits}`}`);
    else if (waits) writeMessage(cli, `"${name}" waits for the journal: ${waits}`);
  }
}

/** Names of definitions that nodes offer in different versions. */
function skewIn(nodes: readonly NodeReport[]): Set<string> {
  const hashes = new Map<string, string>();
  const skewed = new Set<string>();
  for (const { name, hash } of nodes.flatMap(({ offers }) => offers)) {
    if (hashes.has(name) && hashes.get(name) !== hash) skewed.add(name);
    hashes.set(name, hash);
  }
  return skewed;
}

/** How runs stand, as the nodes that have them say; nothing where they may not be asked, or do not answer. */
export async function askNodes(
  cli: Cli,
  options: CommonOptions,
  holders: readonly RunHolder[],
): Promise<ReadonlyMap<string, RunStanding>> {
  try {
    await using cluster = await connectCluster(cli, options);
    return await cluster.standings(holders);
  } catch {
    // Whoever may read the journal need not be allowed to ask nodes: then the journal says how they stand.
    return new Map();
  }
}

/** Lists the runs in progress, with the node that holds each. */
export async function psCommand(cli: Cli, options: CommonOptions): Promise<number> {
  await using cluster = await connectCluster(cli, options);
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const { journal } = runtime;
  const nodes = new Map((await cluster.nodes()).map((node) => [node.owner, node]));
  const now = cli.clock.now();
  const active = await journal.find({ parent: null, status: 'active', limit: 1_000_000 });
  const claims = await journal.claims();
  const known = await standingsOf(runtime, active, (owner) => nodes.get(owner)?.trouble);
  const standing = new Map([...known, ...(await cluster.standings(claims))]);
  const roots = new Map(active.map((root) => [root.run, root]));
  const rows = await Promise.all(
    claims.map(async ({ run, owner, epoch, until }) => {
      const root = roots.get(run) ?? (await journal.find({ run, parent: null, limit: 1 }))[0];
      const isFree = until <= now;
      // The last updated first: what any actor of the run did last.
      const [latest] = await journal.find({ run, limit: 1 });
      const moved = latest?.updated ?? root?.updated ?? 0;
      const trouble = isFree ? undefined : nodes.get(owner)?.trouble;
      return {
        run,
        name: root ? (runOriginOf(root).name ?? root.type) : '',
        ...(standing.get(run) ?? { status: 'working' as const }),
        state: root ? shortenState(root.state) : '',
        node: isFree ? null : (nodes.get(owner)?.name ?? null),
        owner: isFree ? null : owner,
        epoch,
        /** Milliseconds until the lease expires. */
        lease: Math.max(0, until - now),
        actors: (await journal.find({ run, status: 'active', limit: 10_000 })).length,
        mail: (await journal.mail(run)).length,
        moved,
        /** Milliseconds since the last commit of any of its actors, by the clock of this machine. */
        lag: Math.max(0, now - moved),
        /** Why its node cannot use the journal; absent while it can. */
        ...(trouble === undefined ? {} : { trouble }),
      };
    }),
  );
  if (options.json) writeJson(cli.out, rows);
  else if (rows.length === 0) writeMessage(cli, 'No run is in progress.');
  else {
    writeTable(
      cli.out,
      ['RUN', 'NAME', 'STATUS', 'NEEDS', 'STATE', 'NODE', 'EPOCH', 'LEASE', 'ACTORS', 'MAIL', 'LAG'],
      rows.map(({ run, name, status, needs, state, node, owner, epoch, lease, actors, mail, lag }) => [
        run,
        name,
        status,
        needs ?? '-',
        state,
        node ?? (owner === null ? '(free)' : owner.split(' ').slice(0, 2).join(' ')),
        String(epoch),
        lease === 0 ? '-' : formatDuration(lease),
        String(actors),
        String(mail),
        formatDuration(lag),
      ]),
    );
    writeTroubles(cli, [...nodes.values()]);
  }
  return exitCodes.done;
}

/** Makes a node release its runs and accept no more. */
export async function drainCommand(cli: Cli, node: string, options: CommonOptions): Promise<number> {
  await using cluster = await connectCluster(cli, options);
  const runs = await cluster.drain(node);
  if (options.json) writeJson(cli.out, { node, runs });
  else writeMessage(cli, `"${node}" accepts no more runs, and has released ${runs}. Stop it with SIGTERM.`);
  return exitCodes.done;
}

/** Which runs are moved, and where. */
export interface MigrateCommandOptions extends CommonOptions {
  /** The name of the node. */
  readonly to: string;
  /** The name of a definition: moves its runs. */
  readonly of?: string;
  /** How many of the runs of that definition, in percent; 100 by default. */
  readonly share: number;
  /** Only reports which runs could move; false by default. */
  readonly dryRun?: boolean;
}

interface Move {
  readonly run: string;
  readonly moves: boolean;
  readonly why?: string;
}

/** Moves a run, or runs of one definition, to a node. Resolves to exit code 1 when one of them stays. */
export async function migrateCommand(
  cli: Cli,
  run: string | undefined,
  options: MigrateCommandOptions,
): Promise<number> {
  if ((run === undefined) === (options.of === undefined))
    throw new UsageError('Name a run, or all of one definition with --of NAME.');
  await using cluster = await connectCluster(cli, options);
  const runs = run === undefined ? await runsOf(cli, options) : [run];
  const moves: Move[] = [];
  for (const each of runs) moves.push(await moveOne(cluster, each, options));
  const done = options.dryRun ? 'can move' : 'moved';
  if (options.json) writeJson(cli.out, moves);
  else if (moves.length === 0) writeMessage(cli, `No run of "${options.of}" is in progress.`);
  else for (const { run, moves: isMoved, why } of moves) cli.out.write(`${run}  ${isMoved ? done : `stays: ${why}`}\n`);
  return moves.every(({ moves: isMoved }) => isMoved) ? exitCodes.done : exitCodes.failed;
}

/** The runs in progress of one definition. For a share below 100 the first ones by name, so that a larger share later includes them. */
async function runsOf(cli: Cli, options: MigrateCommandOptions): Promise<string[]> {
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const active = await runtime.journal.find({ parent: null, status: 'active', limit: 1_000_000 });
  const named = active
    .filter((root) => runOriginOf(root).name === options.of)
    .map(({ run }) => run)
    .sort();
  return named.slice(0, Math.ceil((named.length * options.share) / 100));
}

async function moveOne(cluster: Cluster, run: string, { to, dryRun }: MigrateCommandOptions): Promise<Move> {
  const stays = (why: string): Move => ({ run, moves: false, why });
  if (dryRun) {
    const [first] = await cluster.misfits(run, to);
    return first ? stays(first.message) : { run, moves: true };
  }
  try {
    await cluster.migrate(run, to);
    return { run, moves: true };
  } catch (thrown) {
    return stays(cliErrorMessage(thrown));
  }
}
