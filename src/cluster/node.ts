/** A node: a process that offers definitions, has runs of them, and publishes reports of itself to the other nodes. */
import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod';
import { sleep, type Clock } from '../values/clock.ts';
import { describeMismatch } from '../values/explain.ts';
import { fromFailure, TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { Metric } from '../observe/metricsText.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { serveEndpoint } from './endpoint.ts';
import { NodeRuns, type OfferedDefinition } from './runs.ts';
import { rpcCall, rpcServe } from './rpc.ts';
import { heartbeatInterval, ClusterMembership } from './membership.ts';
import { Placement } from './placement.ts';
import { nodeMetrics } from './nodeMetrics.ts';
import type { NodeReport } from './nodeReport.ts';
import { contain } from '../values/contain.ts';
import { bodyStore } from '../nats/bodies.ts';
import { watchJournal } from './journalWatch.ts';
import { standingsHere, StandingRequest } from './standings.ts';
import { clusterSubjects, type NodeVerb } from './subjects.ts';

/** What a node consists of. */
export interface OpenNodeOptions {
  /** Unique in its cluster. */
  readonly name: string;
  /** Uses the same server and tenant as the connection. */
  readonly runtime: Runtime;
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** The version of the program, for its reports. */
  readonly version: string;
  readonly offers: readonly OfferedDefinition[];
  /** Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a NATS cluster bodies are stored that are too large for a message. Default: 1. */
  readonly replicas?: number;
  /** What it has that definitions may need, for its reports. Default: none. */
  readonly labels?: readonly string[];
  /** Its share of the runs relative to that of other nodes. Default: 1. */
  readonly weight?: number;
  /** The most runs it has at a time. Default: no limit. */
  readonly maxRuns?: number;
  /** Called with a line for each thing it does. Default: nothing. */
  readonly log?: (line: string) => void;
}

/** A running node. Closing it releases its runs. */
export interface RunningNode extends AsyncDisposable {
  /** Its status at this moment. */
  readonly report: NodeReport;
  /** Resolves with the reason when the node can never work again, because the server's data is gone. It then takes no runs, and the process should end. */
  readonly lost: Promise<TroupeError>;
  /** What it does and holds, for Prometheus. */
  metrics(): Promise<Metric[]>;
  /** Takes no more runs and releases those it has; effects under way get `grace` milliseconds to finish. Resolves to the number of runs it had. */
  drain(grace: number): Promise<number>;
}

/** Milliseconds that the effects of a released run get to finish. */
const releaseGrace = 10_000;

/** Milliseconds between two rounds in which a node looks for runs that no process has. */
const placementInterval = 500;

/** Milliseconds in which the other nodes answer one that joins. */
const joinWindow = 250;

const RunRequest = z.object({ run: z.string() });
const TakeRequest = RunRequest.extend({ why: z.string(), pin: z.boolean().optional() });

/** Joins the cluster. Rejects with `conflict` when there is a node of that name already. */
export async function openNode(options: OpenNodeOptions): Promise<RunningNode> {
  const { name, runtime, connection, clock, version, offers, weight = 1, labels = [], maxRuns = Infinity } = options;
  const { tenant = 'default' } = options;
  // What is written there is the user's affair: when it throws, the node goes on.
  const log = (line: string) => contain('A line of the node', options.log, line);
  const subjects = clusterSubjects(tenant);
  await requireFreeName();
  const activity = nodeMetrics({ runtime, clock });
  const runs = new NodeRuns(runtime, offers, log, activity.ended);
  const members = new ClusterMembership(connection, subjects.nodes, clock);
  const placement = new Placement({
    name,
    journal: runtime.journal,
    clock,
    membership: members,
    runs,
    isFull: () => isFull(),
    handOver: (run, to) => request(to, 'take', { run, why: `it belongs here, and came from ${name}` }),
  });
  const since = clock.now();
  const offered = offers.map((offer) => ({
    name: offer.name,
    kind: offer.runnable.kind,
    hash: runtime.versionOf(offer.runnable),
  }));
  let leaving = false;

  const { journal } = runtime;
  const trouble = () => journal.trouble?.();
  const skipped = () => journal.skipped?.().count ?? 0;
  const isFull = () => leaving || runs.count >= maxRuns;
  const report = (): NodeReport => ({
    name,
    owner: runtime.owner,
    host: hostname(),
    pid: process.pid,
    version,
    since,
    offers: offered,
    labels: [...labels],
    weight,
    full: isFull(),
    leaving,
    runs: runs.all.size,
    busy: Math.min(runtime.busy, runs.all.size),
    health: trouble() === undefined ? runtime.health().overall : 'failing',
    ...(trouble() === undefined ? {} : { trouble: trouble() }),
    ...(skipped() === 0 ? {} : { skipped: skipped() }),
    ...(runtime.load().lag === 0 ? {} : { lag: runtime.load().lag }),
    memory: process.memoryUsage.rss(),
  });
  const publishReport = () => {
    const current = report();
    members.add(current);
    if (!connection.isClosed()) connection.publish(subjects.nodes, JSON.stringify(current));
  };
  const request = (node: string, verb: NodeVerb, body: Json) =>
    rpcCall(connection, subjects.node(node, verb), body, {
      within: releaseGrace + 5_000,
      noResponder: `There is no node "${node}". "troupe nodes" shows those there are.`,
    });

  async function requireFreeName(): Promise<void> {
    const answer = rpcCall(connection, subjects.node(name, 'report'), null, { within: 2_000, noResponder: '' });
    const report = await answer.catch(() => undefined);
    if (!report) return;
    // Only a node serves this subject, with a report. One of another version may have other properties: its name is taken all the same.
    throw nameTaken(report as NodeReport);
  }

  /** Moves a run here from the node that has it, if any. */
  async function take({ run, why, pin = false }: z.infer<typeof TakeRequest>): Promise<void> {
    if (leaving) throw new TroupeError('conflict', `The node "${name}" is leaving and takes no runs.`);
    if (runs.all.has(run)) return;
    const [reason] = await misfits(run);
    if (reason) throw fromFailure(reason);
    const [claim] = await runtime.journal.claims({ run });
    const holder = claim && claim.until > 0 && members.members.find(({ owner }) => owner === claim.owner);
    if (holder) await request(holder.name, 'give', { run });
    await runs.take(run, why, { isPinned: pin });
  }

  const misfits = async (run: string) => runtime.misfits(run, (await runs.definitionOf(run)).subject);

  function stopIntake(): void {
    leaving = true;
    for (const subscription of endpoints) subscription.unsubscribe();
  }

  async function drain(grace: number): Promise<number> {
    stopIntake();
    publishReport();
    await placement.idle();
    const ids = [...runs.all.keys()];
    // A run that cannot be released must not keep the others here.
    await Promise.allSettled(ids.map((run) => runs.release(run, grace)));
    publishReport();
    return ids.length;
  }

  const bodies = bodyStore(connection, clock, tenant, options.replicas);
  const endpoints = offers.map((offer) =>
    serveEndpoint({
      connection,
      subject: subjects.ask(offer.name),
      offer,
      runtime,
      runs,
      clock,
      isFull,
      bodies,
      onAnswer: (status) => activity.answered(offer.name, status),
    }),
  );
  const served = [
    rpcServe(connection, subjects.who, () => ({
      ...report(),
      peers: members.members.flatMap((peer) => (peer.leaving ? [] : peer.owner)),
    })),
    rpcServe(connection, subjects.node(name, 'report'), report),
    rpcServe(connection, subjects.node(name, 'take'), (body) => take(parseBody(TakeRequest, body))),
    rpcServe(connection, subjects.node(name, 'give'), (body) =>
      runs.release(parseBody(RunRequest, body).run, releaseGrace),
    ),
    rpcServe(connection, subjects.node(name, 'fits'), (body) => misfits(parseBody(RunRequest, body).run)),
    rpcServe(connection, subjects.node(name, 'load'), async (body) => {
      await runs.handleOf(parseBody(RunRequest, body).run);
    }),
    rpcServe(connection, subjects.node(name, 'standing'), (body) =>
      standingsHere(runtime, runs, parseBody(StandingRequest, body)),
    ),
    rpcServe(connection, subjects.node(name, 'drain'), () => drain(releaseGrace)),
  ];
  let heartbeat: Disposable | undefined;
  let resolveLost!: (reason: TroupeError) => void;
  const lost = new Promise<TroupeError>((resolve) => (resolveLost = resolve));
  let warnedOf: string | undefined;
  const journalWatch = watchJournal({ trouble, skipped, latest: () => journal.skipped?.().latest[0], log });
  let rounds: Disposable | undefined;
  const placeRuns = () => {
    rounds = clock.wake(clock.now() + placementInterval, () => contain('The placement of runs', placeRuns));
    if (!leaving) placement.round();
  };
  const sendHeartbeat = () => {
    // First, so that the node stays in its cluster whatever the rest throws.
    heartbeat = clock.wake(clock.now() + heartbeatInterval, () => contain('The report of the node', sendHeartbeat));
    publishReport();
    journalWatch();
    runs.logLost();
    const other = members.duplicateOf({ name, owner: runtime.owner });
    if (other && other.owner !== warnedOf) log(`Take care: ${nameTaken(other).message}`);
    warnedOf = other?.owner;
    const reason = runtime.journal.lost?.();
    if (reason && !leaving) stopIntake();
    if (reason) resolveLost(reason);
  };
  sendHeartbeat();
  placeRuns();
  // The other nodes answer with their reports, so that this one knows them before it gets requests.
  connection.publish(subjects.who, new Uint8Array(), { reply: subjects.nodes });
  await sleep(clock, joinWindow);
  const close = async () => {
    await drain(0);
    heartbeat?.[Symbol.dispose]();
    rounds?.[Symbol.dispose]();
    runs.logLost();
    for (const subscription of served) subscription.unsubscribe();
    members[Symbol.dispose]();
    activity[Symbol.dispose]();
    await connection.flush().catch(() => {}); // Without a server there is nothing to wait for.
  };
  const other = members.duplicateOf({ name, owner: runtime.owner });
  // When two nodes of one name join at once, both know each other by now and come to the same decision: the later one leaves.
  if (other && (other.since < since || (other.since === since && other.owner < runtime.owner))) {
    await close();
    throw nameTaken(other);
  }

  return {
    get report() {
      return report();
    },
    metrics: () =>
      activity.metrics({
        report: report(),
        runs: runs.all,
        maxRuns,
        free: placement.freeRuns,
        members: members.members.length,
      }),
    lost,
    drain,
    [Symbol.asyncDispose]: close,
  };
}

function parseBody<T>(schema: z.ZodType<T>, body: Json): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new TroupeError('invalid', `That is nothing a node can be asked: ${describeMismatch(parsed.error, body)}.`);
}

const nameTaken = ({ name, host, pid }: NodeReport) =>
  new TroupeError(
    'conflict',
    `A node "${name}" is there already (process ${pid} on ${host}). Give this one another --name.`,
  );
