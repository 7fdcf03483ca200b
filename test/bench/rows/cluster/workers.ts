/** What several nodes do together, by processor time: how many runs a second when each has a core of its own, and the server another one. */
import { rigOf } from '../../cluster/rig.ts';
import { busyOf } from '../../cluster/usage.ts';
import type { Row, Run, Scope } from '../../row.ts';

const warmUp = 400;

/** `nodes` workers against one; `count` short runs in a round, 50 at once. */
export const workers = (nodes: number, count: number): Row => {
  const one = 'troupe, 1 node';
  const several = `troupe, ${nodes} nodes`;
  return {
    name: `nats-workers-${nodes}`,
    title: `${count} runs by ${nodes} nodes and by one`,
    unit: 'run',
    units: count,
    server: 'jetstream {}',
    withoutFloor: true,
    rounds: 3,
    columns: [
      { figure: 'capacity', goals: [{ of: several, against: one, atLeast: 0.9 * nodes }] },
      { figure: 'worker' },
      { figure: 'server' },
      { figure: 'client' },
      { figure: 'rate' },
    ],
    contestants: [
      { name: one, ours: true, open: (scope) => measuring(scope, 1, count) },
      { name: several, ours: true, open: (scope) => measuring(scope, nodes, count) },
    ],
  };
};

async function measuring(scope: Scope, count: number, runs: number): Promise<Run> {
  const rig = await rigOf(scope);
  const names = Array.from({ length: count }, (_, n) => `n${n}`);
  const nodes = await Promise.all(names.map((name) => rig.node(name, ['short'])));
  // Each process compiles its code while it does its first runs; what one costs is known after some hundreds.
  await rig.runs('short', warmUp * count);
  const used = () => ({ nodes: nodes.reduce((sum, each) => sum + each.busy(), 0), server: busyOf(scope.serverPid) });
  return async (timed) => {
    const before = used();
    const sample = await timed(() => rig.runs('short', runs));
    const after = used();
    const worker = after.nodes - before.nodes;
    return {
      ...sample,
      cluster: {
        capacity: (runs * count * 1e6) / worker,
        worker,
        server: after.server - before.server,
        client: sample.busy,
      },
    };
  };
}
