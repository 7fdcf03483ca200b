/** `troupe node`: joins a cluster, offers the definitions of its files, and stays until SIGTERM or Ctrl-C. */
import type { Json } from '../../values/json.ts';
import { requiredLabels } from '../../define/labels.ts';
import { joinCluster, type ClusterNode } from '../../cluster/join.ts';
import { gauge, metricsText } from '../../observe/metricsText.ts';
import { probes } from '../../observe/probes.ts';
import type { OfferedDefinition } from '../../cluster/runs.ts';
import type { Cli } from '../cli.ts';
import { reportOthers } from '../../runtime/strays.ts';
import { exitCodes, cliErrorMessage, UsageError } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { loadDefinition } from '../load.ts';
import { natsOptionsOf, runtimeOptions, type CommonOptions } from '../options.ts';
import { isWorkflowFile, workflowSettings, type WorkflowFileOptions } from '../workflowFile.ts';
import { formatTime, writeMessage } from '../output/write.ts';

/** The options of `troupe node`. */
export interface NodeCommandOptions extends CommonOptions, WorkflowFileOptions {
  /** The host name by default. */
  readonly name?: string;
  /** What this node has that definitions may need. */
  readonly label: readonly string[];
  /** Its share of the runs, relative to other nodes; 1 by default. */
  readonly weight: number;
  /** No limit by default. */
  readonly maxRuns?: number;
  /** Where the probes and the metrics are served; not served by default. */
  readonly health?: { readonly host: string; readonly port: number };
  /** Properties of the input, as `key=value`, for files that export a function. */
  readonly set: readonly string[];
}

/** Milliseconds that running effects get to finish when the node leaves, and that leaving takes at most in all. */
const grace = 7_000;
const leaveWithin = 10_000;

/** Runs a node until it is interrupted. Rejects when it loses its server for good. */
export async function nodeCommand(cli: Cli, files: readonly string[], options: NodeCommandOptions): Promise<number> {
  // From the first moment on: a supervisor may stop a node that is still starting.
  const stopped = interrupted(cli);
  const { label: labels } = options;
  if (natsOptionsOf(cli, options) === undefined)
    throw new UsageError('A node joins others on a NATS server: name it with --nats nats://host:port, or TROUPE_NATS.');
  const log = (line: string) => writeMessage(cli, `${formatTime(cli.clock.now())} ${line}`);
  let member: ClusterNode | undefined;
  let starting = 'its files are being read';
  // Before all else that takes time: a node that waits for its server is alive and not ready, and is to be left alone.
  await using served =
    options.health &&
    (await probes({
      ...options.health,
      notReadyReason: () => (member ? member.busy() : `the node is starting: ${starting}`),
      metrics: async () => (member ? member.metricsText() : startingMetrics()),
    }));
  if (served) log(`Probes at ${served.url}/healthz and /readyz, metrics at /metrics.`);
  const { settings } = await readRunInput(cli, undefined, options.set);
  const offers = offersWithLabels(
    cli,
    await Promise.all(files.map((file) => offerOf(cli, file, settings, options))),
    labels,
  );
  starting = 'the journal is not open yet';
  const { name, weight, maxRuns } = options;
  const bounds = { ...(name === undefined ? {} : { name }), ...(maxRuns === undefined ? {} : { maxRuns }) };
  const { clock } = cli;
  const joining = joinCluster(
    offers,
    { ...runtimeOptions(cli, options), ...bounds, clock, labels, weight, say: log },
    cli.open,
  );
  const early = await Promise.race([joining.then(() => undefined), stopped.then(() => 'stopped' as const)]);
  if (early === 'stopped') {
    log('Leaving before it has joined.');
    // What it has opened by then is closed; a server that does not answer must not hold it up.
    await inTime(cli, () => joining.then((member) => member[Symbol.asyncDispose]()).catch(() => {}));
    return exitCodes.done;
  }
  await using joined = await joining;
  member = joined;
  log(`Node "${joined.report.name}" has joined, and offers ${offers.map((offer) => offer.name).join(', ')}.`);
  using _ = reportOthers((thrown) =>
    log(
      `Something threw where nothing could catch it, and no run is known to have started it: ${cliErrorMessage(thrown)}`,
    ),
  );
  const lost = await Promise.race([stopped, joined.lost]);
  if (lost) throw lost;
  log('Leaving: running effects may finish. Press Ctrl-C again to exit at once, which is safe too.');
  const runs = await inTime(cli, () => joined.drain(grace));
  log(`Released ${runs} ${runs === 1 ? 'run' : 'runs'}.`);
  return exitCodes.done;
}

/** What can be said before there is a node. */
const startingMetrics = (): string =>
  metricsText([gauge('troupe_ready', 'Whether the node is ready, as /readyz says: 1 or 0.', 0)]);

/** Runs that are not released in time are taken over by other nodes when their leases expire. */
async function inTime<T>(cli: Cli, doing: () => Promise<T>): Promise<T> {
  using _ = cli.onInterrupt(() => cli.exitNow(exitCodes.interrupted));
  const late = cli.clock.wake(cli.clock.now() + leaveWithin - 500, () => cli.exitNow(exitCodes.done));
  try {
    return await doing();
  } finally {
    late[Symbol.dispose]();
  }
}

async function offerOf(
  cli: Cli,
  file: string,
  settings: Json,
  { env, projectDir }: WorkflowFileOptions,
): Promise<OfferedDefinition> {
  const where = { ...(env === undefined ? {} : { env }), ...(projectDir === undefined ? {} : { projectDir }) };
  const own = isWorkflowFile(file) ? workflowSettings(cli.cwd, file, where) : settings;
  const { subject, isFromFunction } = await loadDefinition(cli.cwd, file, own);
  const offer = { name: subject.name, runnable: subject };
  // A workflow is that of this node, wherever the run was begun: its settings are paths of that machine.
  if (!isFromFunction || subject.kind === 'workflow') return offer;
  const loadedByArgs = new Map<string, Promise<OfferedDefinition['runnable']>>();
  const definitionFor = (args: Json | undefined) => {
    if (args === undefined) return subject;
    const key = JSON.stringify(args);
    const known = loadedByArgs.get(key) ?? loadDefinition(cli.cwd, file, args).then((loaded) => loaded.subject);
    loadedByArgs.set(key, known);
    return known;
  };
  return { ...offer, definitionFor };
}

/** The definitions for which this node has all labels. Throws `UsageError` when there are none. */
function offersWithLabels(
  cli: Cli,
  offers: readonly OfferedDefinition[],
  labels: readonly string[],
): OfferedDefinition[] {
  const fit = offers.filter(({ name, runnable }) => {
    const missing = requiredLabels(runnable).filter((need) => !labels.includes(need));
    if (missing.length > 0)
      writeMessage(
        cli,
        `"${name}" needs ${missing.join(', ')}, which this node does not have; it is not offered here.`,
      );
    return missing.length === 0;
  });
  if (fit.length === 0) throw new UsageError('Nothing is left to offer. Give the node the labels it has with --label.');
  return fit;
}

const interrupted = (cli: Cli): Promise<void> =>
  new Promise((resolve) => {
    const listening = cli.onInterrupt(() => (listening[Symbol.dispose](), resolve()));
  });
