/** What one more message costs an actor that has handled many, and which limits hold when none was set. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { engineActions } from '../../machines/slot.ts';
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { Json } from '../../src/values/json.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const counter = setup({
  types: {} as { context: { n: number }; events: Signal },
  actions: { ...engineActions, count: assign({ n: ({ context }) => context.n + 1 }) },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  on: { count: { actions: ['count', { type: 'append', params: { list: 'counted', entry: 'once' } }] } },
});

test('the thousandth message is one commit of the size of the hundredth, and reads no history', async () => {
  const journal = memory();
  const sizes: number[] = [];
  const reads: string[] = [];
  const noted = <K extends 'load' | 'list' | 'history' | 'ledger'>(name: K) => ({
    [name]: (...args: never[]) => {
      reads.push(name);
      return (journal[name] as (...given: never[]) => unknown)(...args);
    },
  });
  const testProcess = new TestProcess({
    journal: {
      ...journal,
      ...noted('load'),
      ...noted('list'),
      ...noted('history'),
      ...noted('ledger'),
      commit: (commit) => {
        sizes.push(JSON.stringify({ ...commit, event: null }).length);
        return journal.commit(commit);
      },
    },
  });
  const address = await testProcess.start(type(counter, { mailbox: { limit: 2_000 } }));
  const count = (times: number) =>
    Promise.all(
      Array.from({ length: times }, () => testProcess.transport.send(testProcess.envelope(address, { type: 'count' }))),
    );
  await count(100);
  reads.length = 0;
  await count(900);
  expect(sizes).toHaveLength(1 + 1_000);
  // Counters have more digits when there is more to count.
  expect(sizes[1_000]! - sizes[100]!).toBeLessThan(10);
  expect(reads).toEqual([]);
});

const reader = (read: (scope: EffectScope) => Promise<readonly Json[]>) =>
  setup({
    types: {} as { context: { heard: readonly Json[]; n: number }; events: Signal },
    actors: { read: effect<readonly Json[], null>((_, scope) => read(scope)) },
    actions: {
      ...engineActions,
      count: assign({ n: ({ context }) => context.n + 1 }),
      keep: assign({ heard: ({ event }) => (event as unknown as { output: readonly Json[] }).output }),
    },
  }).createMachine({
    id: 'reader',
    context: { heard: [], n: 0 },
    initial: 'idle',
    on: { note: { actions: ['count', { type: 'append', params: nextNote }] } },
    states: {
      idle: { on: { read: 'reading' } },
      reading: { invoke: { src: 'read', input: null, onDone: { target: 'idle', actions: 'keep' }, onError: 'idle' } },
    },
  });
const nextNote = ({ context: { n } }: { context: { n: number } }) => ({ list: 'notes', entry: n });

test.each([0, 1, 4, 5, 9])(
  'a list of %i entries that begins here is read from memory while it is short',
  async (count) => {
    const journal = memory();
    let reads = 0;
    const list: typeof journal.list = (...args) => (reads++, journal.list(...args));
    const testProcess = new TestProcess({ journal: { ...journal, list } });
    const readerType = type(reader((scope) => scope.list('notes')));
    const address = await testProcess.start(readerType);
    const tell = (event: string) => testProcess.signal(address, { type: event });
    const heard = async () => (await testProcess.row(address)).context['heard'];
    const notes = (length: number) => Array.from({ length }, (_, n) => n + 1);
    for (let n = 0; n < count; n++) await tell('note');
    await tell('read');
    expect(await heard()).toEqual(notes(count));
    expect(reads).toBe(count <= 4 ? 0 : 1);
    // It goes on from there, without another read.
    await tell('note');
    await tell('read');
    expect(await heard()).toEqual(notes(count + 1));
    expect(reads).toBe(count <= 4 ? 0 : 1);
    // Another process has what was stored.
    await testProcess.resume(readerType);
    reads = 0;
    await tell('read');
    expect(await heard()).toEqual(notes(count + 1));
    expect(reads).toBe(1);
  },
);

test('a mailbox without a limit of its own takes 1,000 messages, and refuses one more', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(counter));
  const commit = testProcess.journal.commit.bind(testProcess.journal);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  testProcess.journal.commit = async (...args) => (await held, commit(...args));
  // The first is being handled; a thousand more may wait.
  const sent = Array.from({ length: 1_002 }, () =>
    testProcess.transport.send(testProcess.envelope(address, { type: 'count' })).then(
      () => 'taken',
      ({ kind }: { kind: string }) => kind,
    ),
  );
  await settle();
  go();
  const outcomes = await Promise.all(sent);
  expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(1_001);
  expect(outcomes.at(-1)).toBe('mailbox_full');
});

test('a child whose parent sets no limit is restarted three times a minute, and then fails', async () => {
  const child = setup({
    types: {} as { events: Signal },
    actions: {
      break: assign(() => {
        throw new Error('broken on purpose');
      }),
    },
  }).createMachine({ id: 'child', on: { break: { actions: 'break' } } });
  const parent = setup({ actors: { child } }).createMachine({
    id: 'parent',
    initial: 'on',
    states: { on: { invoke: { src: 'child', id: 'child', onError: 'gaveUp' } }, gaveUp: {} },
  });
  const testProcess = new TestProcess();
  const root = await testProcess.start(type(parent));
  const childAddress = await testProcess.find('child/');
  const states: unknown[] = [];
  for (let time = 0; time < 4; time++) {
    await testProcess.signal(childAddress, { type: 'break' }).catch(() => {});
    states.push((await testProcess.row(root)).state);
  }
  expect(states).toEqual(['on', 'on', 'on', 'gaveUp']);
});
