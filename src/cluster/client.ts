/** The client of a cluster: lists its nodes, moves runs between them, and requests runs of what they offer. */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { sleep, type Clock } from '../values/clock.ts';
import { Failure } from '../values/failure.ts';
import { requireId } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import { connectNats, newInbox, type NatsOptions } from '../nats/connection.ts';
import { bodyStore } from '../nats/bodies.ts';
import { subscribeTo } from '../nats/subscribe.ts';
import { watchPermissionErrors } from '../nats/permissionErrors.ts';
import { invoke, type InvokeOptions, type InvokeResult } from './invoke.ts';
import { rpcCall, decodeJson } from './rpc.ts';
import { NodeReport } from './nodeReport.ts';
import type { RunStanding } from '../runtime/standing.ts';
import { askedStandings, type RunHolder } from './standings.ts';
import { clusterSubjects, type ClusterSubjects, type NodeVerb } from './subjects.ts';

/** The server and tenant of a cluster. */
export interface ClusterOptions extends NatsOptions {
  /** Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a NATS cluster inputs are stored that are too large for a message. Default: 1. */
  readonly replicas?: number;
}

export type { InvokeOptions, InvokeResult };

/** A connection to the nodes of a cluster. */
export interface Cluster extends AsyncDisposable {
  /** The nodes, sorted by name. It takes half a second, and up to five while one that is known to the others has not answered yet. Rejects with `auth` when the credentials do not allow it. */
  nodes(): Promise<NodeReport[]>;
  /** Makes a node release its runs and take no more. Resolves to the number of runs it had. Rejects, like the methods below, with `unknown_recipient` when there is no such node. */
  drain(node: string): Promise<number>;
  /** Moves a run to a node, where it stays as long as the node runs. Rejects with `incompatible` when the run cannot continue there. */
  migrate(run: string, to: string): Promise<void>;
  /** The reasons why a run could not continue at a node; empty when it could. */
  misfits(run: string, node: string): Promise<Failure[]>;
  /** Makes a node load a run that waits there and was not loaded. Where that fails, because it is damaged, the node gives it back, and no node takes it again. */
  load(run: string, node: string): Promise<void>;
  /** How runs stand, as the nodes that have them say, by run. Runs whose process is no node, or does not answer within two seconds, are left out. */
  standings(holders: readonly RunHolder[]): Promise<Map<string, RunStanding>>;
  /** Starts a run of a definition at one of the nodes that offer it. With a key and no input, it only asks for the result of that run. Rejects with the node's refusal, or `unknown_recipient` when no node offers the definition. */
  invoke(name: string, input: Json | undefined, options?: InvokeOptions): Promise<InvokeResult>;
  /** Closes the connection; `await using` does the same. Runs go on. */
  close(): Promise<void>;
}

/** Milliseconds in which nodes usually answer a request to all of them. */
const collectWindow = 500;
/** Milliseconds after which a node that is known to the others and has not answered is taken for gone: longer than the others wait for its report. */
const nodeTimeout = 5_000;
/** Milliseconds to wait for nodes that say how their runs stand: the journal knows it nearly as well. */
const standingTimeout = 2_000;
/** Milliseconds to wait for a node. It releases a run with effects under way within ten seconds. */
const timeout = 30_000;

/**
 * Connects to a cluster. Rejects as `connectNats` does.
 * @example await using cluster = await openCluster({ servers: 'nats://127.0.0.1:4222' }, clock);
 */
export async function openCluster(
  { tenant = 'default', replicas, ...options }: ClusterOptions,
  clock: Clock,
): Promise<Cluster> {
  const connection = await connectNats(options);
  const subjects = clusterSubjects(tenant);
  const bodies = bodyStore(connection, clock, tenant, replicas);
  const request = async (node: string, verb: NodeVerb, body: Json = null, within = timeout) =>
    rpcCall(connection, subjects.node(requireId('The name of a node', node), verb), body, {
      within,
      noResponder: `There is no node "${node}". "troupe nodes" shows those there are.`,
    });
  const close = async () => {
    if (!connection.isClosed()) await connection.drain().catch(() => {}); // A server that is gone has nothing to drain.
  };
  return {
    nodes: () => collectReports(connection, subjects, clock),
    drain: async (node) => Number(await request(node, 'drain')),
    migrate: async (run, to) => void (await request(to, 'take', { run, why: 'a client requested it', pin: true })),
    misfits: async (run, node) => Failure.array().parse(await request(node, 'fits', { run })),
    load: async (run, node) => void (await request(node, 'load', { run })),
    async standings(holders) {
      if (holders.length === 0) return new Map();
      const nodes = await collectReports(connection, subjects, clock, standingTimeout);
      const names = new Map(nodes.map(({ owner, name }) => [owner, name]));
      return askedStandings(holders, names, (node, runs) =>
        request(node, 'standing', { runs: [...runs] }, standingTimeout),
      );
    },
    invoke: async (name, input, invokeOptions = {}) =>
      invoke(
        { connection, clock, subject: subjects.ask(requireId('What a node offers', name)), bodies, name },
        input,
        invokeOptions,
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Asks all nodes, and waits for each: a node that is busy may take seconds to answer. Which ones there are, the first answers say; a node that neither
 * answers nor publishes a report for as long as the nodes themselves wait is gone.
 */
async function collectReports(
  connection: NatsConnection,
  subjects: ClusterSubjects,
  clock: Clock,
  patience = nodeTimeout,
): Promise<NodeReport[]> {
  /** By owner: two nodes may have the same name for a moment. */
  const reports = new Map<string, NodeReport>();
  const expected = new Set<string>();
  const reply = newInbox(connection);
  const until = clock.now() + patience;
  const from = clock.now() + collectWindow;
  const over = new AbortController();
  const finishWhenComplete = () => {
    const isComplete = reports.size > 0 && [...expected].every((owner) => reports.has(owner));
    if (isComplete && clock.now() >= from) over.abort();
  };
  const take = (message: Msg) => {
    // When there is no node, the server itself answers with an empty message of code 503.
    if (message.headers?.code === 503) return over.abort();
    const report = NodeReport.safeParse(jsonOrNull(message)).data;
    if (!report) return;
    const { peers = [], ...rest } = report;
    reports.set(report.owner, rest);
    for (const owner of peers) expected.add(owner);
    finishWhenComplete();
  };
  const permissionErrors = watchPermissionErrors(connection);
  const listening = [subscribeTo(connection, reply, take)];
  connection.publish(subjects.who, new Uint8Array(), { reply });
  const window = clock.wake(from, () => {
    if (permissionErrors.first) over.abort();
    finishWhenComplete();
    // A node that is slow to answer may publish its report meanwhile.
    if (!over.signal.aborted) listening.push(subscribeTo(connection, subjects.nodes, take));
  });
  await sleep(clock, until - clock.now(), over.signal).catch(() => {}); // Aborted: there is nobody left to wait for.
  window[Symbol.dispose]();
  for (const subscription of listening) subscription.unsubscribe();
  permissionErrors.stop();
  if (permissionErrors.first) throw permissionErrors.first;
  return [...reports.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Any client can publish anything. */
function jsonOrNull(message: Msg): Json {
  try {
    return decodeJson(message);
  } catch {
    return null;
  }
}
