/** What a node that runs nothing pays for the runs of another one: processor time, and bytes on its disk. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rigOf } from '../../cluster/rig.ts';
import { busyOf } from '../../cluster/usage.ts';
import type { Row, Run, Scope } from '../../row.ts';

/** One node does `count` short runs, 50 at once; another one does not offer them. `rest`: milliseconds before, in which nobody works, to see what a node uses by itself. */
export const idleNode = (count: number, rest: number): Row => ({
  name: `nats-idle-${count}`,
  title: `a node that runs nothing, while another one does ${count} runs`,
  unit: 'run',
  units: count,
  server: 'jetstream {}',
  withoutFloor: true,
  rounds: 3,
  columns: [
    { figure: 'idleShare', goals: [{ of: 'troupe', atMost: 1 }] },
    { figure: 'disk', goals: [{ of: 'troupe', atMost: 1 }] },
    { figure: 'idle' },
    { figure: 'atRest' },
    { figure: 'worker' },
    { figure: 'server' },
    { figure: 'client' },
    { figure: 'rate' },
  ],
  contestants: [{ name: 'troupe', ours: true, open: (scope) => measuring(scope, count, rest) }],
});

async function measuring(scope: Scope, count: number, rest: number): Promise<Run> {
  const rig = await rigOf(scope);
  const worker = await rig.node('worker', ['short']);
  const idle = await rig.node('idle', ['waiting']);
  await rig.runs('short', 20);
  const used = () => ({ worker: worker.busy(), idle: idle.busy(), server: busyOf(scope.serverPid) });
  return async (timed) => {
    const resting = { busy: idle.busy(), from: performance.now() };
    await sleep(rest);
    const rested = performance.now() - resting.from;
    const [before, stored] = [used(), idle.stored()];
    const sample = await timed(() => rig.runs('short', count));
    const after = used();
    return {
      ...sample,
      cluster: {
        idleShare: (100 * (after.idle - before.idle)) / (after.worker - before.worker),
        disk: idle.stored() - stored,
        idle: after.idle - before.idle,
        atRest: (before.idle - resting.busy) / rested / 10,
        worker: after.worker - before.worker,
        server: after.server - before.server,
        client: sample.busy,
      },
    };
  };
}
