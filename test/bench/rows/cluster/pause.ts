/** How long an event loop stands still while much is added to the journal, so much that it is compacted meanwhile. */
import { rigOf } from '../../cluster/rig.ts';
import { loggedBy } from '../../cluster/usage.ts';
import type { Row, Run, Scope } from '../../row.ts';

/** One node does `count` runs with a result of 32 kB, 20 at once; another one does nothing. */
export const nodePause = (count: number): Row => ({
  name: 'nats-pause',
  title: `the event loops of a node that does ${count} runs of 32 kB, and of one that does nothing`,
  unit: 'run',
  units: count,
  server: 'jetstream {}',
  withoutFloor: true,
  fresh: true,
  rounds: 1,
  columns: [
    { figure: 'nodePause', goals: [{ of: 'troupe', atMost: 50 }] },
    { figure: 'idlePause', goals: [{ of: 'troupe', atMost: 50 }] },
    { figure: 'log' },
    { figure: 'rate' },
  ],
  contestants: [{ name: 'troupe', ours: true, open: (scope) => measuring(scope, count) }],
});

async function measuring(scope: Scope, count: number): Promise<Run> {
  const rig = await rigOf(scope);
  const worker = await rig.node('worker', ['bulky']);
  const idle = await rig.node('idle', ['short']);
  await rig.runs('bulky', 20, 20);
  return async (timed) => {
    for (const node of [worker, idle]) node.watch();
    const before = await loggedBy(scope.monitor);
    const sample = await timed(() => rig.runs('bulky', count, 20));
    const after = await loggedBy(scope.monitor);
    const [nodePause, idlePause] = await Promise.all([worker.pause(), idle.pause()]);
    return { ...sample, cluster: { nodePause, idlePause, log: (after.bytes - before.bytes) / 1e6 } };
  };
}
