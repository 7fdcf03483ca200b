/** `troupe node`: joins a cluster with what its files define, and stays until it is told to leave. */
import type { Json } from '../contracts/json.ts';
import { needsOf } from '../needs.ts';
import { join } from '../node.ts';
import { probes } from '../observe/probes.ts';
import type { Offered } from '../cluster/holdings.ts';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { inputFrom } from './input.ts';
import { load } from './load.ts';
import { placeOf, runtimeOptions, type Shared } from './options.ts';
import { moment, say } from './output.ts';

export interface NodeOptions extends Shared {
  readonly name?: string;
  readonly label: readonly string[];
  readonly weight: number;
  readonly maxRuns?: number;
  /** Where the probes are served. */
  readonly health?: { readonly host: string; readonly port: number };
  readonly set: readonly string[];
}

/** What is being done when it is told to leave gets so many milliseconds to finish; all of it takes ten seconds at most. */
const grace = 7_000;
const atMost = 10_000;

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
  log(`"${member.report.name}" is here, and offers ${offers.map((offer) => offer.name).join(', ')}.`);
  if (served) log(`Probes at ${served.url}/healthz and /readyz.`);

  const lost = await Promise.race([interrupted(cli), member.lost]);
  if (lost) throw lost;
  log('Leaving: what is being done may finish. Once more leaves at once, which is safe too.');
  const runs = await inTime(cli, () => member.drain(grace));
  log(`Let go of ${runs} ${runs === 1 ? 'run' : 'runs'}.`);
  return exit.done;
}

/** What is not given back in time is taken over by others when its lease runs out. */
async function inTime<T>(cli: Cli, doing: () => Promise<T>): Promise<T> {
  using _ = cli.onInterrupt(() => cli.leave(exit.interrupted));
  const late = cli.clock.wake(cli.clock.now() + atMost - 500, () => cli.leave(exit.done));
  try {
    return await doing();
  } finally {
    late[Symbol.dispose]();
  }
}

async function offerOf(cli: Cli, file: string, settings: Json): Promise<Offered> {
  const { subject, made } = await load(cli.cwd, file, settings);
  const others = new Map<string, Promise<Offered['subject']>>();
  const of = (args: Json | undefined) => {
    if (!made || args === undefined) return subject;
    const key = JSON.stringify(args);
    const known = others.get(key) ?? load(cli.cwd, file, args).then((loaded) => loaded.subject);
    others.set(key, known);
    return known;
  };
  return { name: subject.name, subject, of };
}

/** Those for which the node has the labels. Throws when there are none. */
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
