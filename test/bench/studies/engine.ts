/** The engine alone: a step with its commit, a message for an actor that has left memory, recovery of a long run. */
import { assign, createActor, setup } from 'xstate';
import * as z from 'zod';
import { engineActions, type MessageMeta } from '../../../machines/slot.ts';
import type { Envelope } from '../../../src/contracts/envelope.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { actorType } from '../../../src/engine/nodePlatform.ts';
import { chart } from '../../../src/core/chart.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { Host } from '../../../src/engine/host.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { coverage } from '../../../src/testing/cover/recorder.ts';
import { stepTrace } from '../../../src/engine/trace.ts';
import { inProcess } from '../../../src/transport/inProcess.ts';
import { compare, per } from './measure.ts';

const counter = setup({
  types: {} as {
    context: { n: number };
    events: { type: 'add'; body: { n: number }; meta: MessageMeta } | { type: 'inc' };
  },
  actions: { ...engineActions, add: assign({ n: ({ context }) => context.n + 1 }) },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  initial: 'on',
  states: {
    on: {
      on: {
        inc: { actions: 'add' },
        add: {
          actions: [
            'add',
            {
              type: 'reply',
              params: ({ event, context }) => ({ ask: event.meta, type: 'sum', body: { n: context.n } }),
            },
          ],
        },
      },
    },
  },
});

async function engineHost(journal = memory()) {
  const clock = systemClock();
  const transport = inProcess();
  const host = new Host({ journal, transport, clock, lease: { owner: 'bench' } });
  const address = await host.start(actorType(counter, { handles: { add: z.object({ n: z.number() }) } }), {
    run: 'r',
    input: null,
  });
  const envelope = (id: number): Envelope => ({
    id: `m${id}`,
    type: 'inc',
    body: { type: 'inc' },
    from: 'person/p',
    to: address,
    run: 'r',
    kind: 'signal',
  });
  return {
    host,
    tell: (id: number) => transport.send(envelope(id)),
  };
}

const times = 20_000;

async function steps() {
  const ownChart = chart(counter, stepTrace);
  const xstate = createActor(counter).start();
  let [snapshot] = ownChart.initial(null);
  await compare('a step, in memory', [
    {
      name: 'live XState actor, send()',
      run: () =>
        per(times, async () => {
          for (let i = 0; i < times; i++) xstate.send({ type: 'inc' });
        }),
    },
    {
      name: 'chart.step()',
      run: () =>
        per(times, async () => {
          for (let i = 0; i < times; i++) [snapshot] = ownChart.step(snapshot, { type: 'inc' });
        }),
    },
    {
      name: 'chart.step(), its coverage recorded',
      async run() {
        using seen = coverage();
        const time = await per(times, async () => {
          for (let i = 0; i < times; i++) [snapshot] = ownChart.step(snapshot, { type: 'inc' });
        });
        if (seen.report().machines[0]?.steps !== times) throw new Error('not every step was seen');
        return time;
      },
    },
    ...[memory, discardingJournal].map((journal) => ({
      name: journal === memory ? 'sent, committed, history kept' : 'sent, committed, nothing kept',
      run: async () => {
        const { host, tell } = await engineHost(journal());
        const time = await per(times, async () => {
          for (let i = 0; i < times; i += 500) await Promise.all(Array.from({ length: 500 }, (_, j) => tell(i + j)));
        });
        host.abandon();
        return time;
      },
    })),
  ]);
}

/** A journal that keeps no rows in memory, as if they were on the disk. Only what loading an actor reads is kept, for one actor. */
function discardingJournal(): Journal {
  const inner = memory();
  return {
    ...inner,
    commit: async () => {},
    commitAll: async () => {},
    record: async () => {},
    find: async () => [],
    handled: async () => undefined,
  };
}

const loopTurns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

async function activation() {
  const clock = virtualClock();
  const transport = inProcess();
  const host = new Host({ journal: memory(), transport, clock, lease: { owner: 'bench' }, idle: 1_000, poll: 1e12 });
  const type = actorType(counter);
  const runs = 2_000;
  for (let i = 0; i < runs; i++) await host.start(type, { run: `r${i}`, input: null });
  clock.advance(5_000);
  await loopTurns(3);
  const tell = (run: number, id: number) =>
    transport.send({
      id: `m${id}`,
      type: 'inc',
      body: { type: 'inc' },
      from: 'person/p',
      to: `counter/r${run}`,
      run: `r${run}`,
      kind: 'signal',
    });
  if (host.actor('counter/r0')) throw new Error('the actor is not passivated');
  const cold = await per(runs, async () => {
    for (let i = 0; i < runs; i++) await tell(i, 1);
  });
  const warm = await per(runs, async () => {
    for (let i = 0; i < runs; i++) await tell(i, 2);
  });
  console.log(
    `\na message for a passivated actor       ${cold.toFixed(1)} µs; for an active one ${warm.toFixed(1)} µs; loading ${(cold - warm).toFixed(1)} µs`,
  );
  host.abandon();
}

async function recovery() {
  const journal = memory();
  const clock = systemClock();
  const transport = inProcess();
  const type = actorType(counter);
  const host = new Host({ journal, transport, clock, lease: { owner: 'one' } });
  const address = await host.start(type, { run: 'r', input: null });
  for (let i = 0; i < 10_000; i++)
    await transport.send({
      id: `m${i}`,
      type: 'inc',
      body: { type: 'inc' },
      from: 'person/p',
      to: address,
      run: 'r',
      kind: 'signal',
    });
  host.abandon();
  const next = new Host({ journal, transport: inProcess(), clock, lease: { owner: 'two', alive: () => false } });
  const time = await per(1, () => next.resume('r', type));
  console.log(
    `\nresume of a run with 10,000 commits    ${(time / 1000).toFixed(2)} ms (in memory; on disk the chain is checked, see the journal)`,
  );
  next.abandon();
}

export async function engine(): Promise<void> {
  await steps();
  await activation();
  await recovery();
}
