/** Speaks to nodes from outside: who is there, where a run should go, and the doors of what they offer. */
import type { NatsConnection } from '@nats-io/transport-node';
import { sleep, type Clock } from '../contracts/clock.ts';
import { Failure } from '../contracts/failure.ts';
import { requireId } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { dial, ownInbox, type NatsOptions } from '../nats/connection.ts';
import { refusals } from '../nats/forbidden.ts';
import { invoke, type InvokeOptions, type Invoked } from './invoke.ts';
import { call, jsonIn } from './line.ts';
import { NodeReport } from './report.ts';
import { clusterSubjects, type Verb } from './subjects.ts';

export interface ClusterPlace extends NatsOptions {
  readonly tenant?: string;
}

export type { InvokeOptions, Invoked };

export interface Cluster extends AsyncDisposable {
  /** By name; nodes that do not answer within half a second are not among them. Rejects with `auth` when our credentials do not let us ask. */
  nodes(): Promise<NodeReport[]>;
  /** Has a node let go of its runs and take no more. Resolves to how many it had. Rejects with `unknown_recipient` as the others do. */
  drain(node: string): Promise<number>;
  /** Brings a run to a node, where it stays while the node does. Rejects with `incompatible` when it cannot go on there. */
  migrate(run: string, to: string): Promise<void>;
  /** Why a run could not go on at a node. */
  misfits(run: string, node: string): Promise<Failure[]>;
  /** Has one of the nodes that offer a definition run it; with a key and no input, only asks for the result of that run. Rejects with what it was refused with; `unknown_recipient` when no node offers it. */
  invoke(name: string, input: Json | undefined, options?: InvokeOptions): Promise<Invoked>;
}

/** How long nodes that are asked all at once have to answer; milliseconds. */
const roll = 500;
/** A run that has something under way is let go of within ten seconds; it takes no longer than this. Milliseconds. */
const within = 30_000;

/** @example await using cluster = await openCluster({ servers: 'nats://127.0.0.1:4222' }, clock); */
export async function openCluster({ tenant = 'default', ...place }: ClusterPlace, clock: Clock): Promise<Cluster> {
  const connection = await dial(place);
  const at = clusterSubjects(tenant);
  const ask = async (node: string, verb: Verb, said: Json = null) =>
    call(connection, at.node(requireId('The name of a node', node), verb), said, {
      within,
      nobody: `There is no node "${node}". "troupe nodes" shows those there are.`,
    });
  return {
    nodes: () => rollCall(connection, at.who, clock),
    drain: async (node) => Number(await ask(node, 'drain')),
    migrate: async (run, to) => void (await ask(to, 'take', { run, why: 'somebody asked for it', pin: true })),
    misfits: async (run, node) => Failure.array().parse(await ask(node, 'fits', { run })),
    invoke: async (name, input, options = {}) =>
      invoke({ connection, clock, subject: at.ask(requireId('What a node offers', name)), name }, input, options),
    async [Symbol.asyncDispose]() {
      await connection.drain().catch(() => {}); // A server that is gone has nothing to drain.
    },
  };
}

async function rollCall(connection: NatsConnection, subject: string, clock: Clock): Promise<NodeReport[]> {
  const reports = new Map<string, NodeReport>();
  const reply = ownInbox(connection);
  const answers = connection.subscribe(reply, {
    callback: (error, message) => {
      // Nobody there at all is said by an empty message of the server.
      const report = error || message.headers?.code === 503 ? undefined : NodeReport.safeParse(jsonIn(message)).data;
      if (report) reports.set(report.name, report);
    },
  });
  const refused = refusals(connection);
  connection.publish(subject, new Uint8Array(), { reply });
  await sleep(clock, roll);
  answers.unsubscribe();
  refused.stop();
  if (refused.first) throw refused.first;
  return [...reports.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
