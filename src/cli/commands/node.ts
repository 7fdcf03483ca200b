/** `troupe node`: joins a cluster, offers the definitions of its files, and stays until SIGTERM or Ctrl-C. */
import type { Json } from '../../values/json.ts';
import { needsOf } from '../../define/labels.ts';
import { join } from '../../cluster/join.ts';
import { probes } from '../../observe/probes.ts';
import type { Offered } from '../../cluster/runs.ts';
import type { Cli } from '../cli.ts';
import { exit, UsageError } from '../exit.ts';
import { inputFrom } from '../input.ts';
import { load } from '../load.ts';
import { placeOf, runtimeOptions, type Shared } from '../options.ts';
import { moment, say } from '../output/write.ts';

/** The options of `troupe node`. */
export interface NodeOptions extends Shared {
  /** The host name by default. */
  readonly name?: string;
  /** What this node has that definitions may need. */
  readonly label: readonly string[];
  /** Its share of the runs, relative to other nodes; 1 by default. */
  readonly weight: number;
  /** No limit by default. */
  readonly maxRuns?: number;
  /** Where the probes are served; not served by default. */
  readonly health?: { readonly host: string; readonly port: number };
  /** Properties of the input, as `key=value`, for files that export a function. */
  readonly set: readonly string[];
}

/** Milliseconds that running effects get to finish when the node leaves, and that leaving takes at most in all. */
const grace = 7_000;
const leaveWithin = 10_000;

/** Runs a node until it is interrupted. Rejects when it loses its server for good. */
export async function node(cli: Cli, files: readonly string[], options: NodeOptions): Promise<number> {
  const { label: labels } = options;
  if (placeOf(cli, options) === undefined)
    throw new UsageError('A node joins others on a NATS server: name it with --nats nats://host:port, or TROUPE_NATS.');
  const { settings } = await inputFrom(cli, undefined, options.set);
  const offers = fitting(cli, await Promise.all(files.map((file) => offerOf(cli, file, settings))), labels);
  const log = (line: string) => say(cli, `${moment(cli.clock.now())} ${line}`);
  const { name, weight, maxRuns } = options;
  const bounds = { ...(name === undefined ? {} : { name }), ...(maxRuns === undefined ? {} : { maxRuns }) };
  const { clock } = cli;
  await using member = await join(
    offers,
    { ...runtimeOptions(cli, options), ...bounds, clock, labels, weight, say: log },
    cli.open,
  );
  await using served = options.health && (await probes({ ...options.health, busy: member.busy }));
  log(`Node "${member.report.name}" has joined, and offers ${offers.map((offer) => offer.name).join(', ')}.`);
  if (served) log(`Probes at ${served.url}/healthz and /readyz.`);

  const lost = await Promise.race([interrupted(cli), member.lost]);
  if (lost) throw lost;
  log('Leaving: running effects may finish. Press Ctrl-C again to exit at once, which is safe too.');
  const runs = await inTime(cli, () => member.drain(grace));
  log(`Released ${runs} ${runs === 1 ? 'run' : 'runs'}.`);
  return exit.done;
}

/** Runs that are not released in time are taken over by other nodes when their leases expire. */
async function inTime<T>(cli: Cli, doing: () => Promise<T>): Promise<T> {
  using _ = cli.onInterrupt(() => cli.leave(exit.interrupted));
  const late = cli.clock.wake(cli.clock.now() + leaveWithin - 500, () => cli.leave(exit.done));
  try {
    return await doing();
  } finally {
    late[Symbol.dispose]();
  }
}

async function offerOf(cli: Cli, file: string, settings: Json): Promise<Offered> {
  const { subject, made } = await load(cli.cwd, file, settings);
  const loadedByArgs = new Map<string, Promise<Offered['subject']>>();
  const of = (args: Json | undefined) => {
    if (!made || args === undefined) return subject;
    const key = JSON.stringify(args);
    const known = loadedByArgs.get(key) ?? load(cli.cwd, file, args).then((loaded) => loaded.subject);
    loadedByArgs.set(key, known);
    return known;
  };
  return { name: subject.name, subject, of };
}

/** The definitions for which this node has all labels. Throws `UsageError` when there are none. */
function fitting(cli: Cli, offers: readonly Offered[], labels: readonly string[]): Offered[] {
  const fit = offers.filter(({ name, subject }) => {
    const missing = needsOf(subject).filter((need) => !labels.includes(need));
    if (missing.length > 0)
      say(cli, `"${name}" needs ${missing.join(', ')}, which this node does not have; it is not offered here.`);
    return missing.length === 0;
  });
  if (fit.length === 0) throw new UsageError('Nothing is left to offer. Give the node the labels it has with --label.');
  return fit;
}

const interrupted = (cli: Cli): Promise<void> =>
  new Promise((resolve) => {
    const listening = cli.onInterrupt(() => (listening[Symbol.dispose](), resolve()));
  });
