/** `troupe node`: joins a cluster with what its files define, and stays until it is told to leave. */
import { hostname } from 'node:os';
import { slug } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { dial } from '../nats/connection.ts';
import { needsOf } from '../needs.ts';
import { probes } from '../observe/probes.ts';
import { openNode } from '../cluster/node.ts';
import type { Offered } from '../cluster/holdings.ts';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { inputFrom } from './input.ts';
import { load } from './load.ts';
import { placeOf, runtimeOptions, type Shared } from './options.ts';
import { moment, say } from './output.ts';
import { version } from './version.ts';

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
  const { label: labels, weight, maxRuns } = options;
  const place = placeOf(cli, options);
  if (place === undefined)
    throw new UsageError('A node joins others on a NATS server: name it with --nats nats://host:port, or TROUPE_NATS.');
  const { settings } = await inputFrom(cli, undefined, options.set);
  const offers = fitting(cli, await Promise.all(files.map((file) => offerOf(cli, file, settings))), labels);
  const name = slug(options.name ?? hostname());
  const log = (line: string) => say(cli, `${moment(cli.clock.now())} ${line}`);

  await using runtime = await cli.open(runtimeOptions(cli, options));
  await using connection = await closing(dial({ ...place, name: `troupe node ${name}` }));
  const { clock } = cli;
  const { tenant = 'default' } = place;
  const joined = {
    name,
    runtime,
    connection: connection.it,
    clock,
    version: version(),
    offers,
    tenant,
    labels,
    weight,
  };
  await using member = await openNode({ ...joined, ...(maxRuns === undefined ? {} : { most: maxRuns }), say: log });
  const busy = () => (connection.isLost() ? 'the NATS server is away' : member.report.leaving ? 'leaving' : undefined);
  await using served = options.health && (await probes({ ...options.health, busy }));
  log(`"${name}" is here, and offers ${offers.map((offer) => offer.name).join(', ')}.`);
  if (served) log(`Probes at ${served.url}/healthz and /readyz.`);

  await interrupted(cli);
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

/** Those for which the node has the labels. Throws when there are none, or two of one name. */
function fitting(cli: Cli, offers: readonly Offered[], labels: readonly string[]): Offered[] {
  const twice = offers.find(({ name }, i) => offers.findIndex((other) => other.name === name) !== i);
  if (twice) throw new UsageError(`Two of the files define "${twice.name}"; a name can be offered once.`);
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

/** A connection that closes with its block, and says whether it is there. */
async function closing(dialled: ReturnType<typeof dial>) {
  const it = await dialled;
  let lost = false;
  void (async () => {
    for await (const { type } of it.status()) {
      if (type === 'disconnect') lost = true;
      if (type === 'reconnect') lost = false;
    }
  })();
  return { it, isLost: () => lost, [Symbol.asyncDispose]: () => it.close() };
}
