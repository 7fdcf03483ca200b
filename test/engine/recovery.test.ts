/** E5: a recovered run is complete: actors that were active are active, stopped ones are not, and no message between them is lost. */
import { expect, test } from 'vitest';
import { assign, sendParent, sendTo, setup } from 'xstate';
import { engineActions } from '../../machines/slot.ts';
import type { Commit } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { stepByStep } from './journals.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const kid = setup({
  types: {} as { context: { received: number }; events: Signal },
  actors: { toy: setup({}).createMachine({ id: 'toy', initial: 'on', states: { on: {} } }) },
  actions: {
    ...engineActions,
    hear: assign({ received: ({ context }) => context.received + 1 }),
    call: sendParent({ type: 'call' }),
  },
}).createMachine({
  id: 'kid',
  context: { received: 0 },
  initial: 'on',
  states: {
    on: {
      invoke: { src: 'toy', id: 'toy' },
      on: { hear: { actions: 'hear' }, call: { actions: 'call' }, finish: 'over' },
    },
    over: { type: 'final', entry: { type: 'tell', params: { to: 'diary/r1', type: 'note', body: { says: 'over' } } } },
  },
});

const parentType = type(
  setup({
    types: {} as { context: { calls: number }; events: Signal },
    actors: { kid },
    actions: { count: assign({ calls: ({ context }) => context.calls + 1 }), tell: sendTo('kid', { type: 'hear' }) },
  }).createMachine({
    id: 'home',
    context: { calls: 0 },
    initial: 'out',
    on: { call: { actions: 'count' } },
    states: {
      out: { on: { come: 'in' } },
      in: {
        entry: 'tell',
        invoke: { src: 'kid', id: 'kid', onDone: 'done', onError: 'out' },
        on: { go: 'out', end: 'ended' },
      },
      done: {},
      ended: { type: 'final' },
    },
  }),
);

/** Kills the process right after the commit that matches, before its outbox is executed. */
function crashAfter(testProcess: TestProcess, matches: (commit: Commit) => boolean) {
  const { journal, host } = testProcess;
  const commit = journal.commit.bind(journal);
  journal.commit = async (row) => {
    await commit(row);
    if (!matches(row)) return;
    journal.commit = commit;
    host.abandon();
  };
}

test('a child that was committed and not started yet is started on recovery, and gets the message of the same commit', async () => {
  const testProcess = new TestProcess({ journal: stepByStep(memory()) });
  const address = await testProcess.start(parentType);
  crashAfter(testProcess, ({ actor, seq }) => actor === address && seq === 2);
  await testProcess.signal(address, { type: 'come' }).catch(() => {});
  await expect(testProcess.find('kid/')).rejects.toThrow();
  await testProcess.resume(parentType);
  expect(await testProcess.row(await testProcess.find('kid/'))).toMatchObject({
    status: 'active',
    context: { received: 1 },
  });
  expect(await testProcess.row(await testProcess.find('toy/'))).toMatchObject({ status: 'active' });
  expect(testProcess.deadLetters()).toEqual([]);
});

test('a message to a child waits until the child is recovered', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(parentType);
  await testProcess.signal(address, { type: 'come' });
  const [child] = [await testProcess.find('kid/')];
  crashAfter(testProcess, ({ actor, seq }) => actor === child && seq === 3);
  await testProcess.signal(child, { type: 'call' }).catch(() => {});
  await testProcess.resume(parentType);
  expect((await testProcess.row(address)).context).toEqual({ calls: 1 });
  expect(testProcess.deadLetters()).toEqual([]);
});

test('a child whose stop was committed just before a crash is stopped on recovery, with its own children', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(parentType);
  await testProcess.signal(address, { type: 'come' });
  crashAfter(testProcess, ({ actor, state }) => actor === address && state === 'out');
  await testProcess.signal(address, { type: 'go' }).catch(() => {});
  await testProcess.resume(parentType);
  expect((await testProcess.row(await testProcess.find('kid/'))).status).toBe('stopped');
  expect((await testProcess.row(await testProcess.find('toy/'))).status).toBe('stopped');
  expect(testProcess.host.actorsOf('r1').map(({ address: a }) => a)).toEqual([address]);
});

test('when the root ended just before a crash, its children end on recovery, and the run is released', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(parentType);
  await testProcess.signal(address, { type: 'come' });
  crashAfter(testProcess, ({ actor, status }) => actor === address && status === 'done');
  await testProcess.signal(address, { type: 'end' }).catch(() => {});
  await testProcess.resume(parentType);
  expect((await testProcess.journal.find({ run: 'r1', status: 'active' })).map(({ actor }) => actor)).toEqual([]);
  expect(testProcess.host.owns('r1')).toBe(false);
});

test('the last messages of an actor that has ended are delivered after a crash: to its parent, and to other actors', async () => {
  const testProcess = new TestProcess({ journal: stepByStep(memory()) });
  const address = await testProcess.start(parentType);
  await testProcess.signal(address, { type: 'come' });
  const child = await testProcess.find('kid/');
  crashAfter(testProcess, ({ actor, status }) => actor === child && status === 'done');
  await testProcess.signal(child, { type: 'finish' }).catch(() => {});
  expect((await testProcess.row(address)).state).toBe('in');
  testProcess.crash();
  const notes: unknown[] = [];
  testProcess.transport.listen('diary/r1', async ({ body }) => void notes.push(body));
  await testProcess.host.resume('r1', parentType);
  await settle();
  expect((await testProcess.row(address)).state).toBe('done');
  expect(notes).toEqual([{ says: 'over' }]);
  expect(await testProcess.journal.undelivered('r1')).toEqual([]);
});

test('a run that has ended is not run again: starting it gives its outcome', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(parentType);
  await testProcess.signal(address, { type: 'come' });
  await testProcess.signal(address, { type: 'end' });
  const commits = (await testProcess.journal.history({})).length;
  expect(await testProcess.crash().start(parentType, { run: 'r1', input: null })).toBe(address);
  await settle();
  expect(await testProcess.journal.history({})).toHaveLength(commits);
  await expect(testProcess.signal(address, { type: 'come' })).rejects.toMatchObject({
    kind: 'conflict',
    data: { status: 'done' },
  });
});

test('a run key means one run: starting it with another input, name or type is refused, while it runs and afterwards', async () => {
  const testProcess = new TestProcess();
  const about = { name: 'home' };
  const run = 'r1';
  const address = await testProcess.host.start(parentType, { run, input: { n: 1 }, about });
  const conflict = (text: string) => ({ kind: 'conflict', message: expect.stringContaining(text) as string });
  for (const host of [testProcess.host, testProcess.crash()]) {
    await expect(host.start(parentType, { run, input: { n: 2 }, about })).rejects.toMatchObject(
      conflict('another input'),
    );
    await expect(host.start(parentType, { run, input: { n: 1 }, about: { name: 'b' } })).rejects.toMatchObject(
      conflict('is of "home", not of "b"'),
    );
    await expect(host.start({ ...parentType, name: 'other' }, { run, input: { n: 1 } })).rejects.toMatchObject(
      conflict(`is ${address}, not other/r1`),
    );
    expect(await host.start(parentType, { run, input: { n: 1 }, about })).toBe(address);
  }
});

test('a run that has ended is given to nobody who asks for another: with another input, name or type it is refused', async () => {
  const testProcess = new TestProcess();
  const about = { name: 'home' };
  const run = 'r1';
  const address = await testProcess.host.start(parentType, { run, input: { n: 1 }, about });
  await testProcess.signal(address, { type: 'come' });
  await testProcess.signal(address, { type: 'end' });
  const conflict = { kind: 'conflict' };
  // Each process in its turn: one that knows of the end, and those that find it in the journal.
  for (const other of [{ input: { n: 2 }, about }, { input: { n: 1 }, about: { name: 'b' } }, { about: { name: 'b' } }])
    for (const host of [testProcess.host, testProcess.crash()])
      await expect(host.start(parentType, { run, ...other })).rejects.toMatchObject(conflict);
  const otherType = { ...parentType, name: 'other' };
  await expect(testProcess.crash().start(otherType, { run, input: { n: 1 } })).rejects.toMatchObject(conflict);
  expect(await testProcess.crash().start(parentType, { run, input: { n: 1 }, about })).toBe(address);
});

test('an unknown run cannot be resumed; a run must have an id', async () => {
  const testProcess = new TestProcess();
  await expect(testProcess.host.resume('r9', parentType)).rejects.toMatchObject({
    kind: 'unknown_recipient',
    message: expect.stringContaining('"r9"') as string,
  });
  for (const run of ['__proto__', 'My Run', '', '../x'])
    await expect(testProcess.host.start(parentType, { run, input: null })).rejects.toMatchObject({ kind: 'invalid' });
});

test('a message for an actor of another process is put in the inbox of the journal', async () => {
  const testProcess = new TestProcess();
  const senderType = type(
    setup({ types: {} as { events: Signal }, actions: engineActions }).createMachine({
      id: 'pen',
      on: { write: { actions: { type: 'tell', params: { to: 'home/r1', type: 'call', body: {} } } } },
    }),
  );
  await testProcess.start(parentType);
  const other = testProcess.startProcess();
  await other.host.start(senderType, { run: 'r2', input: null });
  await other.transport.send(testProcess.envelope('pen/r2', { type: 'write' }));
  await settle();
  await testProcess.advance(250);
  expect((await testProcess.row('home/r1')).context).toEqual({ calls: 1 });
  expect(testProcess.deadLetters()).toEqual([]);
});
