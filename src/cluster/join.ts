/** Joins a cluster: makes this process a node, or connects to the nodes from outside. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import { disposables } from '../runtime/disposables.ts';
import type { Cluster } from './client.ts';
import type { OfferedDefinition } from './runs.ts';
import type { RunningNode } from './node.ts';
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { slug, slugOf } from '../values/ids.ts';
import { Counter } from '../observe/counters.ts';
import { secretsInEnv } from '../observe/envSecrets.ts';
import { gauge, metricsText } from '../observe/metricsText.ts';
import { processMetrics } from '../observe/processMetrics.ts';
import { processMask } from '../observe/processMask.ts';
import { redactor } from '../observe/redactor.ts';
import { natsSettings, type NatsSettings } from '../nats/options.ts';
import { withNats } from '../nats/packages.ts';
import { watchCredentials } from '../nats/refusedCredentials.ts';
import { watchStatus } from '../nats/subscribe.ts';
import { requiredLabels } from '../define/labels.ts';
import { openRuntime, type Runtime } from '../runtime/runtime.ts';
import { runtimeOptionNames, type RuntimeOptions } from '../runtime/runtimeOptions.ts';
import type { Runnable } from '../define/runnable.ts';
import { systemClock } from '../engine/clock.ts';
import { version } from '../runtime/version.ts';

/** What a node is opened with. */
export interface ClusterNodeOptions extends RuntimeOptions {
  /** Its name, unique in the cluster; the host name by default. */
  readonly name?: string;
  /** Labels that definitions may need, such as `gpu`; none by default. */
  readonly labels?: readonly string[];
  /** Its share of the runs relative to other nodes; 1 by default. */
  readonly weight?: number;
  /** How many runs it has at most; no limit by default. */
  readonly maxRuns?: number;
  /** Called with one line for each thing it does; nothing by default. */
  readonly say?: (line: string) => void;
}

/** This process as a node of a cluster. */
export interface ClusterNode extends RunningNode {
  /** Why it takes no runs now; undefined while it takes them. */
  busy(): string | undefined;
  /** What it does and holds, as text for Prometheus (format 0.0.4): what `troupe node --health` serves at `/metrics`. Names of definitions, models and tool servers are in it; secrets of the environment, and those that runs have read, are masked. */
  metricsText(): Promise<string>;
  /** Gives its runs to other nodes and leaves the cluster; `await using` does the same. */
  close(): Promise<void>;
}

/**
 * Offers definitions to a cluster. The node takes runs of them that no other node has, runs them on request, and gives its runs to other nodes
 * when it is disposed. Rejects with `conflict` when there is a node of that name, `definition` when it lacks a label that is needed, `environment` or `auth` as `connectNats` does.
 * @example await using a = await node([newsroom], { nats: 'nats://10.0.0.5:4222', name: 'a' });
 */
export function node(runnables: readonly Runnable[], options: ClusterNodeOptions): Promise<ClusterNode> {
  return joinCluster(
    runnables.map((runnable) => ({ name: runnable.name, runnable })),
    options,
  );
}

/** As `node`, for definitions that a function may make. `open` opens the runtime. */
export async function joinCluster(
  offers: readonly OfferedDefinition[],
  given: ClusterNodeOptions,
  open: (options: RuntimeOptions) => Promise<Runtime> = openRuntime,
): Promise<ClusterNode> {
  requireOptions('node', given, nodeOptionNames);
  const { name: givenName = hostname(), labels = [], weight, maxRuns, say, ...options } = given;
  requireLabels(offers, labels);
  const { env = process.env, clock = systemClock() } = options;
  const name = nodeName(givenName, given.name === undefined);
  const settings = requireNatsSettings(options.nats, env);
  const [{ connectNats }, { openNode }] = await withNats(() =>
    Promise.all([import('../nats/connection.ts'), import('./node.ts')]),
  );
  const parts = disposables();
  try {
    const runtime = parts.use(await open({ ...options, nats: settings, clock }));
    const connection = await connectNats({ ...settings, name: `troupe node ${name}` });
    parts.use({ [Symbol.asyncDispose]: () => connection.close() });
    const { tenant = 'default', replicas } = settings;
    const opened = parts.use(
      await openNode({
        name,
        version: version(),
        offers,
        tenant,
        labels,
        runtime,
        connection,
        clock,
        ...(weight === undefined ? {} : { weight }),
        ...(maxRuns === undefined ? {} : { maxRuns }),
        ...(replicas === undefined ? {} : { replicas }),
        ...(say ? { log: say } : {}),
      }),
    );
    const server = watchConnection(connection);
    const readProcess = processMetrics();
    const inEnv = redactor(secretsInEnv(env));
    const redact = (text: string) => processMask.redact(inEnv(text));
    const busy = () => {
      if (server.isLost) return server.refusal ?? 'the NATS server is away';
      const trouble = runtime.journal.trouble?.({ tryWrite: true });
      if (trouble !== undefined) return `the journal cannot be used: ${trouble}`;
      return opened.report.leaving ? 'leaving' : undefined;
    };
    return {
      get report() {
        return opened.report;
      },
      lost: opened.lost,
      drain: (grace) => opened.drain(grace),
      busy,
      metrics: () => opened.metrics(),
      async metricsText() {
        const own = [
          gauge('troupe_build_info', 'The version of Troupe and of Node, and the name of the node.', 1, {
            version: version(),
            node: process.versions.node,
            name,
          }),
          gauge('troupe_ready', 'Whether the node is ready, as /readyz says: 1 or 0.', Number(busy() === undefined)),
          gauge(
            'troupe_nats_connected',
            'Whether the node is connected to a NATS server: 1 or 0.',
            Number(!server.isLost),
          ),
          server.reconnects.metric,
        ];
        return metricsText([...own, ...(await opened.metrics()), ...readProcess()], redact);
      },
      close: () => parts.close(),
      [Symbol.asyncDispose]: () => parts.close(),
    };
  } catch (thrown) {
    await parts.close();
    throw thrown;
  }
}

/** The id of a node. Throws `invalid`; for the name of the machine, it says how to give another one. */
function nodeName(written: string, isHost: boolean): string {
  const { id, problem } = slugOf(written);
  if (problem !== undefined && isHost)
    throw new TroupeError(
      'invalid',
      `A node is called as its machine by default, and "${written}" cannot be the name of one: ${problem}. Give it a name (--name, or name: 'a').`,
    );
  return problem === undefined ? id : slug(written);
}

function watchConnection(connection: NatsConnection): {
  readonly isLost: boolean;
  readonly refusal: string | undefined;
  readonly reconnects: Counter;
} {
  let isLost = false;
  const credentials = watchCredentials(connection);
  const reconnects = new Counter(
    'troupe_nats_reconnects_total',
    'How often the node connected again to a NATS server.',
  );
  reconnects.add({}, 0);
  watchStatus(connection, ({ type }) => {
    if (type === 'disconnect' || type === 'reconnect') isLost = type === 'disconnect';
    if (type === 'reconnect') reconnects.add();
  });
  return {
    get isLost() {
      return isLost;
    },
    get refusal() {
      return credentials.refusal;
    },
    reconnects,
  };
}

/**
 * Connects to the nodes of a cluster: lists them, moves runs between them, and invokes what they offer. Rejects with `invalid` without a server.
 * @example await using nodes = await cluster('nats://10.0.0.5:4222'); await nodes.invoke('newsroom', { topic: 'tea' }, { key: 'job-42' });
 */
export async function cluster(
  nats: string | NatsSettings,
  options: {
    /** Environment variables; those of the process by default. */
    env?: RuntimeOptions['env'];
    /** For tests: another clock. */
    clock?: Clock;
  } = {},
): Promise<Cluster> {
  requireOptions('cluster', options, { env: true, clock: true });
  const { env = process.env, clock = systemClock() } = options;
  const { openCluster } = await withNats(() => import('./client.ts'));
  return openCluster(requireNatsSettings(nats, env), clock);
}

function requireNatsSettings(
  nats: string | NatsSettings | undefined,
  env: NonNullable<RuntimeOptions['env']>,
): NatsSettings {
  const settings = natsSettings(nats, env);
  if (settings) return settings;
  throw new TroupeError('invalid', 'Nodes meet on a NATS server: give its address as `nats`, or in TROUPE_NATS.');
}

function requireLabels(offers: readonly OfferedDefinition[], labels: readonly string[]): void {
  const twice = offers.find(({ name }, i) => offers.findIndex((other) => other.name === name) !== i);
  if (twice)
    throw new TroupeError('definition', `Two definitions are called "${twice.name}"; a name can be offered once.`);
  for (const { name, runnable } of offers) {
    const missing = requiredLabels(runnable).filter((need) => !labels.includes(need));
    if (missing.length > 0)
      throw new TroupeError(
        'definition',
        `"${name}" needs ${missing.join(', ')}, which this node does not have. Give it the label, or do not offer this here.`,
      );
  }
}

const nodeOptionNames: OptionNames<ClusterNodeOptions> = {
  ...runtimeOptionNames,
  name: true,
  labels: true,
  weight: true,
  maxRuns: true,
  say: true,
};
