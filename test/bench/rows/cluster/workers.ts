/** What several nodes do together, by processor time: how many runs a second when each has a core of its own, and the server another one. */
import { busyLoops } from '../../cluster/busyLoops.ts';
import { rigOf } from '../../cluster/rig.ts';
import { busyOf } from '../../cluster/usage.ts';
import type { Row, Run, Scope } from '../../row.ts';

/** Runs of each node before it is measured. */
const usualWarmUp = 3_000;
/** Runs that each node has under way. */
const width = 50;

/**
 * `nodes` workers against one; `count` short runs of each in a round, 50 of each at once, so that a node does the same work in both. Where the processes are
 * more than the cores, each of them costs more, whatever they do. Two controls show how much of the difference is that, and so the machine's: one node beside
 * as many processes that only calculate as there are other nodes, and the same nodes as tenants of their own, which share nothing but the server.
 */
export const workers = (nodes: number, count: number, warmUp = usualWarmUp): Row => {
  const one = 'troupe, 1 node';
  const several = `troupe, ${nodes} nodes`;
  const beside = `troupe, 1 node beside ${nodes - 1} loops`;
  const apart = `troupe, ${nodes} tenants of 1 node`;
  const open = (cluster: Pick<Cluster, 'tenants' | 'nodes' | 'loops'>) => (scope: Scope) =>
    measuring(scope, { ...cluster, count, warmUp });
  return {
    name: `nats-workers-${nodes}`,
    title: `${count} runs by each of ${nodes} nodes, and by one`,
    unit: 'run',
    units: count,
    server: 'jetstream {}',
    withoutFloor: true,
    rounds: 3,
    columns: [
      {
        figure: 'capacity',
        goals: [
          { of: several, against: beside, atLeast: 0.9 * nodes },
          { of: several, against: apart, atLeast: 0.9 },
        ],
      },
      { figure: 'worker' },
      { figure: 'server' },
      { figure: 'client' },
      { figure: 'rate' },
    ],
    contestants: [
      { name: one, ours: true, open: open({ tenants: 1, nodes: 1, loops: 0 }) },
      { name: beside, ours: true, open: open({ tenants: 1, nodes: 1, loops: nodes - 1 }) },
      { name: several, ours: true, open: open({ tenants: 1, nodes, loops: 0 }) },
      { name: apart, ours: true, open: open({ tenants: nodes, nodes: 1, loops: 0 }) },
    ],
  };
};

interface Cluster {
  readonly tenants: number;
  /** Of each tenant. */
  readonly nodes: number;
  /** Processes that only calculate, while a round is measured. */
  readonly loops: number;
  /** Runs of each node in a round. */
  readonly count: number;
  readonly warmUp: number;
}

async function measuring(scope: Scope, { tenants, nodes: ofEach, loops, count, warmUp }: Cluster): Promise<Run> {
  const rigs = await Promise.all(Array.from({ length: tenants }, () => rigOf(scope)));
  const names = Array.from({ length: ofEach }, (_, n) => `n${n}`);
  const nodes = (
    await Promise.all(rigs.map((rig) => Promise.all(names.map((name) => rig.node(name, ['short'])))))
  ).flat();
  const runs = (ofNode: number) => Promise.all(rigs.map((rig) => rig.runs('short', ofNode * ofEach, width * ofEach)));
  // Each process compiles its code while it does its first runs; what one costs is known after some thousands.
  await runs(warmUp);
  const used = () => ({ nodes: nodes.reduce((sum, each) => sum + each.busy(), 0), server: busyOf(scope.serverPid) });
  return async (timed) => {
    using _ = busyLoops(loops);
    const before = used();
    const sample = await timed(() => runs(count));
    const after = used();
    // A round of several nodes has as many times the runs: its figures are those of as many runs as a round of one has.
    const share = 1 / nodes.length;
    const worker = (after.nodes - before.nodes) * share;
    return {
      ...sample,
      busy: sample.busy * share,
      wall: sample.wall * share,
      cluster: {
        capacity: (count * nodes.length * 1e6) / worker,
        worker,
        server: (after.server - before.server) * share,
        client: sample.busy * share,
      },
    };
  };
}
