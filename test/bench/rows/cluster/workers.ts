/** What several nodes do together, by processor time: how many runs a second when each has a core of its own, and the server another one. */
import { rigOf } from '../../cluster/rig.ts';
import { busyOf } from '../../cluster/usage.ts';
import type { Row, Run, Scope } from '../../row.ts';

/** Runs of each node before it is measured. */
const usualWarmUp = 1_500;
const width = 50;

/**
 * `nodes` workers against one; `count` short runs in a round, 50 at once. The same nodes as tenants of their own, which share nothing but the server, show
 * what of the difference is the machine's: fewer runs at a time for each, and more processes than cores.
 */
export const workers = (nodes: number, count: number, warmUp = usualWarmUp): Row => {
  const one = 'troupe, 1 node';
  const several = `troupe, ${nodes} nodes`;
  const apart = `troupe, ${nodes} tenants of 1 node`;
  return {
    name: `nats-workers-${nodes}`,
    title: `${count} runs by ${nodes} nodes and by one`,
    unit: 'run',
    units: count,
    server: 'jetstream {}',
    withoutFloor: true,
    rounds: 3,
    columns: [
      {
        figure: 'capacity',
        goals: [
          { of: several, against: one, atLeast: 0.9 * nodes },
          { of: several, against: apart, atLeast: 0.9 },
        ],
      },
      { figure: 'worker' },
      { figure: 'server' },
      { figure: 'client' },
      { figure: 'rate' },
    ],
    contestants: [
      { name: one, ours: true, open: (scope) => measuring(scope, { tenants: 1, nodes: 1, count, warmUp }) },
      { name: several, ours: true, open: (scope) => measuring(scope, { tenants: 1, nodes, count, warmUp }) },
      { name: apart, ours: true, open: (scope) => measuring(scope, { tenants: nodes, nodes: 1, count, warmUp }) },
    ],
  };
};

interface Cluster {
  readonly tenants: number;
  /** Of each tenant. */
  readonly nodes: number;
  /** Runs of all tenants in a round. */
  readonly count: number;
  readonly warmUp: number;
}

async function measuring(scope: Scope, { tenants, nodes: ofEach, count, warmUp }: Cluster): Promise<Run> {
  const rigs = await Promise.all(Array.from({ length: tenants }, () => rigOf(scope)));
  const names = Array.from({ length: ofEach }, (_, n) => `n${n}`);
  const nodes = (
    await Promise.all(rigs.map((rig) => Promise.all(names.map((name) => rig.node(name, ['short'])))))
  ).flat();
  const runs = (all: number) =>
    Promise.all(rigs.map((rig) => rig.runs('short', Math.ceil(all / tenants), Math.ceil(width / tenants))));
  // Each process compiles its code while it does its first runs; what one costs is known after some hundreds.
  await runs(warmUp * nodes.length);
  const used = () => ({ nodes: nodes.reduce((sum, each) => sum + each.busy(), 0), server: busyOf(scope.serverPid) });
  return async (timed) => {
    const before = used();
    const sample = await timed(() => runs(count));
    const after = used();
    const worker = after.nodes - before.nodes;
    return {
      ...sample,
      cluster: {
        capacity: (count * nodes.length * 1e6) / worker,
        worker,
        server: after.server - before.server,
        client: sample.busy,
      },
    };
  };
}
