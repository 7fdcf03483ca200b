/** A node: a process that offers what its files define, has runs of them, and tells the others how it is. */
import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod';
import { sleep, type Clock } from '../contracts/clock.ts';
import { explain } from '../contracts/explain.ts';
import { fromFailure, TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import type { Runtime } from '../runtime.ts';
import { door } from './door.ts';
import { Holdings, type Offered } from './holdings.ts';
import { call, serve } from './line.ts';
import { beat, Peers } from './peers.ts';
import { Placement } from './placement.ts';
import { quietly } from './quietly.ts';
import type { NodeReport } from './report.ts';
import { clusterSubjects, type Verb } from './subjects.ts';

export interface NodeOptions {
  readonly name: string;
  /** On the same server and tenant as the connection. */
  readonly runtime: Runtime;
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Of the program, for those who look. */
  readonly version: string;
  readonly offers: readonly Offered[];
  readonly tenant?: string;
  readonly labels?: readonly string[];
  /** Its share of the runs against that of other nodes; 1 unless told otherwise. */
  readonly weight?: number;
  /** How many runs it has at most; no bound unless told otherwise. */
  readonly most?: number;
  /** Told what it does, a line each. */
  readonly say?: (line: string) => void;
}

export interface Node extends AsyncDisposable {
  readonly report: NodeReport;
  /** Resolves with the reason when it can do nothing more: what the server kept is gone. It takes no runs then, and should be ended. */
  readonly lost: Promise<TroupeError>;
  /** Takes no more runs and lets go of those it has; what is being done gets `grace` milliseconds to finish. Resolves to how many it had. */
  drain(grace: number): Promise<number>;
}

/** What is being done in a run that is to leave gets so long to finish; milliseconds. */
const patience = 10_000;

/** How long neighbours have to answer one that comes; milliseconds. */
const roll = 250;

const OneRun = z.object({ run: z.string() });
const Take = OneRun.extend({ why: z.string(), pin: z.boolean().optional() });

/** Joins. Rejects with `conflict` when a node of that name is there already. */
export async function openNode(options: NodeOptions): Promise<Node> {
  const { name, runtime, connection, clock, version, offers, weight = 1, labels = [], most = Infinity } = options;
  const { tenant = 'default', say = () => {} } = options;
  const at = clusterSubjects(tenant);
  await requireFree();
  const holdings = new Holdings(runtime, offers, say);
  const peers = new Peers(connection, at.nodes, clock);
  const placement = new Placement({
    name,
    journal: runtime.journal,
    clock,
    peers,
    holdings,
    isFull: () => isFull(),
    hand: (run, to) => ask(to, 'take', { run, why: `it belongs here, and came from ${name}` }),
  });
  const since = clock.now();
  const offered = offers.map((offer) => ({
    name: offer.name,
    kind: offer.subject.kind,
    hash: runtime.hashOf(offer.subject),
  }));
  let leaving = false;

  const isFull = () => leaving || holdings.all.size >= most;
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
    runs: holdings.all.size,
    busy: [...holdings.all.values()].filter(({ handle }) => !handle.resting).length,
    health: runtime.health().overall,
    memory: process.memoryUsage.rss(),
  });
  const tell = () => {
    const said = report();
    peers.hear(said);
    if (!connection.isClosed()) connection.publish(at.nodes, JSON.stringify(said));
  };
  const ask = (node: string, verb: Verb, said: Json) =>
    call(connection, at.node(node, verb), said, {
      within: patience + 5_000,
      nobody: `There is no node "${node}". "troupe nodes" shows those there are.`,
    });

  async function requireFree(): Promise<void> {
    const asked = call(connection, at.node(name, 'report'), null, { within: 2_000, nobody: '' });
    const there = (await asked.catch(() => undefined)) as NodeReport | undefined;
    if (!there) return;
    throw taken(there);
  }

  /** Brings a run here from wherever it is. */
  async function take({ run, why, pin = false }: z.infer<typeof Take>): Promise<void> {
    if (leaving) throw new TroupeError('conflict', `The node "${name}" is leaving and takes no runs.`);
    if (holdings.all.has(run)) return;
    const [reason] = await misfits(run);
    if (reason) throw fromFailure(reason);
    const [claim] = await runtime.journal.claims({ run });
    const keeper = claim && claim.until > 0 && peers.all.find(({ owner }) => owner === claim.owner);
    if (keeper) await ask(keeper.name, 'give', { run });
    await holdings.take(run, why, pin);
  }

  const misfits = async (run: string) => runtime.misfits(run, (await holdings.definitionOf(run)).subject);

  function stopIntake(): void {
    leaving = true;
    for (const subscription of doors) subscription.unsubscribe();
  }

  async function drain(grace: number): Promise<number> {
    stopIntake();
    tell();
    await placement.idle();
    const runs = [...holdings.all.keys()];
    await Promise.all(runs.map((run) => quietly(holdings.give(run, grace))));
    tell();
    return runs.length;
  }

  const doors = offers.map((offer) =>
    door({ connection, subject: at.ask(offer.name), offer, runtime, holdings, clock, isFull }),
  );
  const served = [
    serve(connection, at.who, report),
    serve(connection, at.node(name, 'report'), report),
    serve(connection, at.node(name, 'take'), (said) => take(read(Take, said))),
    serve(connection, at.node(name, 'give'), (said) => holdings.give(read(OneRun, said).run, patience)),
    serve(connection, at.node(name, 'fits'), (said) => misfits(read(OneRun, said).run)),
    serve(connection, at.node(name, 'drain'), () => drain(patience)),
  ];
  let waking: Disposable | undefined;
  let giveUp!: (reason: TroupeError) => void;
  const lost = new Promise<TroupeError>((resolve) => (giveUp = resolve));
  let twin: string | undefined;
  const live = () => {
    tell();
    const other = peers.twinOf({ name, owner: runtime.owner });
    if (other && other.owner !== twin) say(`Take care: ${taken(other).message}`);
    twin = other?.owner;
    const reason = runtime.journal.lost?.();
    if (reason && !leaving) stopIntake();
    if (reason) giveUp(reason);
    else if (!leaving) placement.look();
    waking = clock.wake(clock.now() + beat, live);
  };
  live();
  // It knows its neighbours before it is asked for anything.
  connection.publish(at.who, new Uint8Array(), { reply: at.nodes });
  await sleep(clock, roll);
  const close = async () => {
    await drain(0);
    waking?.[Symbol.dispose]();
    for (const subscription of served) subscription.unsubscribe();
    peers[Symbol.dispose]();
    await quietly(connection.flush());
  };
  const other = peers.twinOf({ name, owner: runtime.owner });
  // Both came at once: both know each other by now, and come to the same answer.
  if (other && (other.since < since || (other.since === since && other.owner < runtime.owner))) {
    await close();
    throw taken(other);
  }

  return {
    get report() {
      return report();
    },
    lost,
    drain,
    [Symbol.asyncDispose]: close,
  };
}

function read<T>(schema: z.ZodType<T>, said: Json): T {
  const parsed = schema.safeParse(said);
  if (parsed.success) return parsed.data;
  throw new TroupeError('invalid', `That is nothing a node can be asked: ${explain(parsed.error, said)}.`);
}

const taken = ({ name, host, pid }: NodeReport) =>
  new TroupeError(
    'conflict',
    `A node "${name}" is there already (process ${pid} on ${host}). Give this one another --name.`,
  );
