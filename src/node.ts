/** Makes this process a node of a cluster, and speaks to nodes from outside: the front door of src/cluster. */
import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import { closers } from './closers.ts';
import type { Cluster } from './cluster/client.ts';
import type { Offered } from './cluster/holdings.ts';
import type { Node } from './cluster/node.ts';
import type { Clock } from './contracts/clock.ts';
import { TroupeError } from './contracts/failure.ts';
import { slug } from './contracts/ids.ts';
import { natsPlace, type NatsPlace } from './nats/place.ts';
import { needsOf } from './needs.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import type { Subject } from './subject.ts';
import { systemClock } from './system/clock.ts';
import { version } from './version.ts';

export interface NodeOptions extends RuntimeOptions {
  /** What it is called, once in its cluster; the machine's name unless told otherwise. */
  readonly name?: string;
  /** What it has that definitions may need: `gpu`. */
  readonly labels?: readonly string[];
  /** Its share of the runs against that of other nodes; 1 unless told otherwise. */
  readonly weight?: number;
  /** How many runs it has at most; no bound unless told otherwise. */
  readonly maxRuns?: number;
  /** Told what it does, a line each. */
  readonly say?: (line: string) => void;
}

export interface ClusterNode extends Node {
  /** Why it takes no runs now; undefined while it does. */
  busy(): string | undefined;
}

/**
 * Offers definitions to a cluster: takes runs of them that nobody has, answers who asks for one, and gives its runs away when it is disposed.
 * Rejects with `conflict` when a node of that name is there, `definition` when it lacks a label that is needed, `environment` or `auth` as `dial` does.
 * @example await using a = await node([newsroom], { nats: 'nats://10.0.0.5:4222', name: 'a' });
 */
export function node(subjects: readonly Subject[], options: NodeOptions): Promise<ClusterNode> {
  return join(
    subjects.map((subject) => ({ name: subject.name, subject, of: () => subject })),
    options,
  );
}

/** As `node`, for definitions that may have been made by a function. `open` opens the runtime. */
export async function join(
  offers: readonly Offered[],
  { name: called = hostname(), labels = [], weight, maxRuns: most, say, ...options }: NodeOptions,
  open: (options: RuntimeOptions) => Promise<Runtime> = openRuntime,
): Promise<ClusterNode> {
  requireLabels(offers, labels);
  const { env = process.env, clock = systemClock() } = options;
  const name = slug(called);
  const place = requirePlace(options.nats, env);
  const [{ dial }, { openNode }] = await Promise.all([import('./nats/connection.ts'), import('./cluster/node.ts')]);
  const parts = closers();
  try {
    const runtime = parts.use(await open({ ...options, nats: place, clock }));
    const connection = await dial({ ...place, name: `troupe node ${name}` });
    parts.use({ [Symbol.asyncDispose]: () => connection.close() });
    const { tenant = 'default' } = place;
    const bounds = { ...(weight === undefined ? {} : { weight }), ...(most === undefined ? {} : { most }) };
    const facts = { name, version: version(), offers, tenant, labels, ...bounds, ...(say ? { say } : {}) };
    const opened = parts.use(await openNode({ ...facts, runtime, connection, clock }));
    const isLost = lossOf(connection);
    return {
      get report() {
        return opened.report;
      },
      lost: opened.lost,
      drain: (grace) => opened.drain(grace),
      busy: () => (isLost() ? 'the NATS server is away' : opened.report.leaving ? 'leaving' : undefined),
      [Symbol.asyncDispose]: () => parts.close(),
    };
  } catch (thrown) {
    await parts.close();
    throw thrown;
  }
}

function lossOf(connection: NatsConnection): () => boolean {
  let isLost = false;
  void (async () => {
    for await (const { type } of connection.status())
      if (type === 'disconnect' || type === 'reconnect') isLost = type === 'disconnect';
  })();
  return () => isLost;
}

/**
 * Speaks to the nodes of a cluster: who is there, who should have which run, and what they offer.
 * @example await using nodes = await cluster('nats://10.0.0.5:4222'); await nodes.invoke('newsroom', { topic: 'tea' }, { key: 'job-42' });
 */
export async function cluster(
  nats: string | NatsPlace,
  { env = process.env, clock = systemClock() }: { env?: RuntimeOptions['env']; clock?: Clock } = {},
): Promise<Cluster> {
  const { openCluster } = await import('./cluster/client.ts');
  return openCluster(requirePlace(nats, env), clock);
}

function requirePlace(nats: string | NatsPlace | undefined, env: NonNullable<RuntimeOptions['env']>): NatsPlace {
  const place = natsPlace(nats, env);
  if (place) return place;
  throw new TroupeError('invalid', 'Nodes meet on a NATS server: give its address as `nats`, or in TROUPE_NATS.');
}

function requireLabels(offers: readonly Offered[], labels: readonly string[]): void {
  const twice = offers.find(({ name }, i) => offers.findIndex((other) => other.name === name) !== i);
  if (twice)
    throw new TroupeError('definition', `Two definitions are called "${twice.name}"; a name can be offered once.`);
  for (const { name, subject } of offers) {
    const missing = needsOf(subject).filter((need) => !labels.includes(need));
    if (missing.length > 0)
      throw new TroupeError(
        'definition',
        `"${name}" needs ${missing.join(', ')}, which this node does not have. Give it the label, or do not offer this here.`,
      );
  }
}
