/** How soon the death of a node is noticed: from a signal to the next commit of its run, at another node; and whether a healthy node is taken for dead while the machine is busy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rigOf, type MeasuredNode, type Rig } from '../../cluster/rig.ts';
import { followSteps, type Steps } from '../../cluster/steps.ts';
import { busyLoops } from '../../cluster/busyLoops.ts';
import { percentile } from '../../figures.ts';
import type { Working } from '../../cluster/offers.ts';
import type { Row, Run, Scope } from '../../row.ts';

/** Milliseconds in which the signals of a round are spread, so that they come at every point between two signs of life. */
const spread = 3_500;
/** Milliseconds after all have joined until the first signal. */
const settling = 2_000;
/** Milliseconds in which a suspended process, woken again, could do harm. */
const aftermath = 2_000;

/** `victims` nodes of one run each are killed or suspended at once, and so again, `times` times; one node takes over all of them. */
export const nodeDeath = (signal: 'SIGKILL' | 'SIGSTOP', victims: number, times: number): Row => ({
  name: `nats-death-${signal.toLowerCase()}`,
  title: `from ${signal} of a node to the next commit of its run: ${victims * times} nodes of one run each, and one that takes over`,
  unit: 'death',
  units: victims * times,
  server: 'jetstream {}',
  withoutFloor: true,
  fresh: true,
  rounds: 1,
  columns: [
    { figure: 'noticed', goals: [{ of: 'troupe', atMost: 2_000 }] },
    { figure: 'noticedLate', goals: [{ of: 'troupe', atMost: 4_000 }] },
    { figure: 'noticedWorst' },
    { figure: 'takenOver' },
    ...(signal === 'SIGSTOP' ? [{ figure: 'stale' as const, goals: [{ of: 'troupe', atMost: 0 }] }] : []),
  ],
  contestants: [{ name: 'troupe', ours: true, open: (scope) => killing(scope, signal, victims, times) }],
});

function killing(scope: Scope, signal: 'SIGKILL' | 'SIGSTOP', victims: number, times: number): Run {
  return async () => {
    const deaths: (Death | undefined)[] = [];
    for (let time = 0; time < times; time++) {
      const rig = await rigOf(scope);
      const { nodes, steps } = await workingNodes(rig, victims);
      deaths.push(...(await Promise.all(nodes.map((node) => death(node, steps, signal)))));
      await rig.end();
    }
    const known = deaths.filter((each) => each !== undefined);
    const noticed = known.map((each) => each.noticed);
    return {
      cluster: {
        noticed: percentile(noticed, 0.5),
        noticedLate: percentile(noticed, 0.99),
        noticedWorst: Math.max(...noticed),
        takenOver: deaths.length - known.length,
        stale: known.reduce((sum, { stale }) => sum + stale, 0),
      },
    };
  };
}

interface Death {
  /** Milliseconds until the next commit. */
  readonly noticed: number;
  /** Steps that the suspended node committed after that. */
  readonly stale: number;
}

/** `undefined`: the node had lost its run before. */
async function death(node: MeasuredNode, steps: Steps, signal: 'SIGKILL' | 'SIGSTOP'): Promise<Death | undefined> {
  await sleep(Math.random() * spread);
  if (steps.isElsewhere(runOf(node), node.name)) return undefined;
  const taken = steps.takenOver(runOf(node), node.name);
  node.signal(signal);
  const died = performance.now();
  const noticed = (await taken) - died;
  if (signal === 'SIGKILL') return { noticed, stale: 0 };
  const before = steps.count(runOf(node), node.name);
  node.signal('SIGCONT');
  await sleep(aftermath);
  // The first one that begins may follow a commit from before; for a second one a commit had to be accepted.
  return { noticed, stale: Math.max(0, steps.count(runOf(node), node.name) - before - 1) };
}

/** `victims` healthy nodes of one run each, for `window` milliseconds, while `loops` processes take all the processor time that they get. */
export const healthyNode = (victims: number, loops: number, window: number): Row => ({
  name: `nats-healthy-${loops}`,
  title: `${victims} healthy nodes of one run each for ${window / 1_000} s, beside ${loops} processes that never wait`,
  unit: 'node',
  units: victims,
  server: 'jetstream {}',
  withoutFloor: true,
  fresh: true,
  rounds: 1,
  columns: [{ figure: 'takenOver', goals: [{ of: 'troupe', atMost: 0 }] }, { figure: 'steps' }],
  contestants: [{ name: 'troupe', ours: true, open: (scope) => watching(scope, victims, loops, window) }],
});

async function watching(scope: Scope, victims: number, loops: number, window: number): Promise<Run> {
  const rig = await rigOf(scope);
  return async () => {
    const { nodes, steps } = await workingNodes(rig, victims);
    const own = () => nodes.reduce((sum, node) => sum + steps.count(runOf(node), node.name), 0);
    using _ = busyLoops(loops);
    const before = own();
    await sleep(window);
    const away = nodes.filter((node) => steps.isElsewhere(runOf(node), node.name));
    return { cluster: { takenOver: away.length, steps: ((own() - before) * 1_000) / window / victims } };
  };
}

const runOf = ({ name }: MeasuredNode) => `run-${name}`;

/** Nodes with a run each, and one that takes over any of them. Resolves when every run works at its node. */
async function workingNodes(rig: Rig, victims: number): Promise<{ nodes: readonly MeasuredNode[]; steps: Steps }> {
  const steps = followSteps();
  const onStep = steps.add;
  const offers = Array.from({ length: victims }, (_, n): Working => `working-${n}`);
  const nodes = await Promise.all(offers.map((offer) => rig.node(`victim-${offer}`, [offer], { onStep })));
  await Promise.all(nodes.map((node, n) => rig.begin(offers[n] ?? 'working-0', [runOf(node)])));
  // So light that no run moves to it while its own node lives.
  await rig.node('heir', offers, { weight: 1e-9, onStep });
  await sleep(settling);
  return { nodes, steps };
}
