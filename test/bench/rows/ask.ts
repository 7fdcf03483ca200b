/** An ask and its answer in one process, one after the other, against two live XState actors. */
import type { Row, Scope, Timed } from '../row.ts';
import { counterIn, forgettingJournal } from './counter.ts';
import { repeated } from './loop.ts';

export function ask(times: number): Row {
  const round = (asking: (n: number) => Promise<unknown>) => (timed: Timed) =>
    timed(() => repeated(times, () => asking(1)));
  return {
    name: 'ask',
    title: `an ask and its answer in one process, one after the other`,
    unit: 'ask',
    units: times,
    columns: [
      { figure: 'busyRate', goals: [{ of: 'troupe', against: 'live xstate', atLeast: 0.8 }] },
      { figure: 'busy' },
    ],
    contestants: [
      { name: 'live xstate', open: async () => round(await liveActors()) },
      { name: 'a queue of promises', open: () => round(promiseQueue()) },
      { name: 'troupe', ours: true, open: async (scope) => round(await hosted(scope, false)) },
      { name: 'troupe, nothing kept', ours: true, open: async (scope) => round(await hosted(scope, true)) },
    ],
  };
}

/** One actor asks, the other answers, and a promise waits for it. */
async function liveActors() {
  const { assign, createActor, sendParent, sendTo, setup } = await import('xstate');
  type AskEvent = { type: 'ask' | 'sum'; n: number };
  let answered: (n: number) => void = () => {};
  const answerer = setup({
    types: {} as { context: { n: number }; events: { type: 'add'; n: number } },
    actions: {
      add: assign({ n: ({ context }) => context.n + 1 }),
      answer: sendParent(({ context }) => ({ type: 'sum', n: context.n })),
    },
  }).createMachine({
    id: 'counter',
    context: { n: 0 },
    initial: 'on',
    states: { on: { on: { add: { actions: ['add', 'answer'] } } } },
  });
  const asker = createActor(
    setup({
      types: {} as { events: AskEvent },
      actors: { answerer },
      actions: {
        ask: sendTo('answerer', ({ event }) => ({ type: 'add' as const, n: event.n })),
        hear: ({ event }) => answered(event.n),
      },
    }).createMachine({
      id: 'asker',
      invoke: { src: 'answerer', id: 'answerer' },
      on: { ask: { actions: 'ask' }, sum: { actions: 'hear' } },
    }),
  ).start();
  return (n: number) =>
    new Promise<number>((done) => {
      answered = done;
      asker.send({ type: 'ask', n });
    });
}

/** By hand: a queue, a state, a promise for each caller. */
function promiseQueue() {
  let state = { n: 0 };
  const queue: { n: number; done: (n: number) => void }[] = [];
  let going = false;
  const drain = async () => {
    going = true;
    for (let item = queue.shift(); item; item = queue.shift()) {
      state = { n: state.n + item.n };
      item.done(state.n);
      await Promise.resolve();
    }
    going = false;
  };
  return (n: number) =>
    new Promise<number>((done) => {
      queue.push({ n, done });
      if (!going) void drain();
    });
}

async function hosted({ load, onEnd }: Scope, forgets: boolean) {
  const { memory } = await load('src/journal/memory/memory');
  const { systemClock } = await load('src/engine/clock');
  const { Host } = await load('src/engine/host');
  const { ReplyChannel } = await load('src/engine/ref');
  const { inProcess } = await load('src/transport/inProcess');
  const { type, messages } = await counterIn(load);
  const [clock, transport] = [systemClock(), inProcess()];
  const journal = forgets ? await forgettingJournal(load) : memory();
  const host = new Host({ journal, transport, clock, lease: { owner: 'bench' } });
  onEnd(() => host.abandon());
  const address = await host.start(type, { run: 'r', input: null });
  const channel = new ReplyChannel(transport, clock);
  onEnd(() => channel[Symbol.dispose]());
  const ref = channel.ref(messages, address, 'r');
  return (n: number) => ref.ask('add', { n });
}
