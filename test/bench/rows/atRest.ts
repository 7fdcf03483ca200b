/** Actors that wait: how many are spawned in a processor second, and the memory of each when it has left its process. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Row, Scope, Timed } from '../row.ts';
import { forgettingJournal } from './counter.ts';

const perParent = 100;

/** `parents`: each has a hundred children. */
export const atRest = (parents: number): Row => ({
  name: 'at-rest',
  title: `${parents * perParent} actors that wait, ${perParent} to a parent`,
  unit: 'actor',
  units: parents * (perParent + 1),
  columns: [
    { figure: 'busyRate', goals: [{ of: 'troupe', against: 'live xstate', atLeast: 3 }] },
    { figure: 'kept', goals: [{ of: 'troupe', atMost: 200 }] },
  ],
  fresh: true,
  contestants: [
    { name: 'live xstate', open: () => (timed) => live(parents, timed) },
    { name: 'troupe', ours: true, open: (scope) => (timed) => passivated(scope, parents, timed) },
  ],
});

async function parentMachine() {
  const { setup } = await import('xstate');
  const child = setup({ types: {} as { context: { n: number } } }).createMachine({
    id: 'child',
    context: { n: 0 },
    initial: 'on',
    states: { on: { on: { inc: {} } } },
  });
  return setup({ actors: { child } }).createMachine({
    id: 'parent',
    invoke: Array.from({ length: perParent }, (_, n) => ({ src: 'child' as const, id: `k${n}` })),
  });
}

async function live(parents: number, timed: Timed) {
  const { createActor } = await import('xstate');
  const machine = await parentMachine();
  const before = liveMemory();
  const actors: unknown[] = [];
  const measured = await timed(async () => {
    for (let n = 0; n < parents; n++) actors.push(createActor(machine).start());
  });
  const kept = liveMemory() - before;
  if (actors.length !== parents) throw new Error('They were collected too early.');
  return { ...measured, kept };
}

async function passivated({ load, onEnd }: Scope, parents: number, timed: Timed) {
  const { actorType } = await load('src/engine/nodePlatform');
  const { Host } = await load('src/engine/host');
  const { inProcess } = await load('src/transport/inProcess');
  const { virtualClock } = await load('src/testing/clock');
  const type = actorType(await parentMachine());
  const clock = virtualClock();
  const journal = await forgettingJournal(load);
  const lease = { owner: 'bench' };
  const host = new Host({ journal, transport: inProcess(), clock, lease, idle: 1_000, poll: 1e12 });
  onEnd(() => host.abandon());
  const before = liveMemory();
  const measured = await timed(async () => {
    for (let n = 0; n < parents; n++) await host.start(type, { run: `r${n}`, input: null });
    await turns(3);
  });
  for (let round = 0; round < 2; round++) {
    clock.advance(1_500);
    await turns(3);
  }
  if (host.actor('parent/r0')) throw new Error('The actors are not at rest.');
  return { ...measured, kept: liveMemory() - before };
}

const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await turn();
};

/** Needs --expose-gc to be exact. */
function liveMemory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
