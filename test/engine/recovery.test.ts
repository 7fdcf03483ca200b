/** E5: a recovered run is complete: actors that were active are active, stopped ones are not, and no message between them is lost. */
import { expect, test } from 'vitest';
import { assign, sendParent, sendTo, setup } from 'xstate';
import { engineActions } from '../../machines/slot.ts';
import type { Commit } from '../../src/journal/journal.ts';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

const kid = setup({
  types: {} as { context: { heard: number }; events: Signal },
  actors: { toy: setup({}).createMachine({ id: 'toy', initial: 'on', states: { on: {} } }) },
  actions: {
    ...engineActions,
    hear: assign({ heard: ({ context }) => context.heard + 1 }),
    call: sendParent({ type: 'call' }),
  },
}).createMachine({
  id: 'kid',
  context: { heard: 0 },
  initial: 'on',
  states: {
    on: {
      invoke: { src: 'toy', id: 'toy' },
      on: { hear: { actions: 'hear' }, call: { actions: 'call' }, finish: 'over' },
    },
    over: { type: 'final', entry: { type: 'tell', params: { to: 'diary/r1', type: 'note', body: { says: 'over' } } } },
  },
});

const home = type(
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
function dieAfter(stage: Stage, matches: (commit: Commit) => boolean) {
  const { journal, host } = stage;
  const commit = journal.commit.bind(journal);
  journal.commit = async (row) => {
    await commit(row);
    if (!matches(row)) return;
    journal.commit = commit;
    host.abandon();
  };
}

test('a child that was committed and not started yet is started on recovery, and gets the message of the same commit', async () => {
  const stage = new Stage();
  const address = await stage.start(home);
  dieAfter(stage, ({ actor, seq }) => actor === address && seq === 2);
  await stage.signal(address, { type: 'come' }).catch(() => {});
  await expect(stage.find('kid/')).rejects.toThrow();
  await stage.resume(home);
  expect(await stage.row(await stage.find('kid/'))).toMatchObject({ status: 'active', context: { heard: 1 } });
  expect(await stage.row(await stage.find('toy/'))).toMatchObject({ status: 'active' });
  expect(stage.dead()).toEqual([]);
});

test('a message to a child waits until the child is recovered', async () => {
  const stage = new Stage();
  const address = await stage.start(home);
  await stage.signal(address, { type: 'come' });
  const [child] = [await stage.find('kid/')];
  dieAfter(stage, ({ actor, seq }) => actor === child && seq === 3);
  await stage.signal(child, { type: 'call' }).catch(() => {});
  await stage.resume(home);
  expect((await stage.row(address)).context).toEqual({ calls: 1 });
  expect(stage.dead()).toEqual([]);
});

test('a child whose stop was committed just before a crash is stopped on recovery, with its own children', async () => {
  const stage = new Stage();
  const address = await stage.start(home);
  await stage.signal(address, { type: 'come' });
  dieAfter(stage, ({ actor, state }) => actor === address && state === 'out');
  await stage.signal(address, { type: 'go' }).catch(() => {});
  await stage.resume(home);
  expect((await stage.row(await stage.find('kid/'))).status).toBe('stopped');
  expect((await stage.row(await stage.find('toy/'))).status).toBe('stopped');
  expect(stage.host.actorsOf('r1').map(({ address: a }) => a)).toEqual([address]);
});

test('when the root ended just before a crash, its children end on recovery, and the run is released', async () => {
  const stage = new Stage();
  const address = await stage.start(home);
  await stage.signal(address, { type: 'come' });
  dieAfter(stage, ({ actor, status }) => actor === address && status === 'done');
  await stage.signal(address, { type: 'end' }).catch(() => {});
  await stage.resume(home);
  expect((await stage.journal.find({ run: 'r1', status: 'active' })).map(({ actor }) => actor)).toEqual([]);
  expect(stage.host.owns('r1')).toBe(false);
});

test('the last messages of an actor that has ended are delivered after a crash: to its parent, and to other actors', async () => {
  const stage = new Stage();
  const address = await stage.start(home);
  await stage.signal(address, { type: 'come' });
  const child = await stage.find('kid/');
  dieAfter(stage, ({ actor, status }) => actor === child && status === 'done');
  await stage.signal(child, { type: 'finish' }).catch(() => {});
  expect((await stage.row(address)).state).toBe('in');
  stage.crash();
  const notes: unknown[] = [];
  stage.transport.listen('diary/r1', async ({ body }) => void notes.push(body));
  await stage.host.resume('r1', home);
  await settle();
  expect((await stage.row(address)).state).toBe('done');
  expect(notes).toEqual([{ says: 'over' }]);
  expect(await stage.journal.undelivered('r1')).toEqual([]);
});

test('a run that has ended is not run again: starting it gives its outcome', async () => {
  const stage = new Stage();
  const address = await stage.start(home);
  await stage.signal(address, { type: 'come' });
  await stage.signal(address, { type: 'end' });
  const commits = (await stage.journal.history({})).length;
  expect(await stage.crash().start(home, { run: 'r1', input: null })).toBe(address);
  await settle();
  expect(await stage.journal.history({})).toHaveLength(commits);
  await expect(stage.signal(address, { type: 'come' })).rejects.toMatchObject({
    kind: 'conflict',
    data: { status: 'done' },
  });
});

test('a run key means one run: starting it with another input, name or type is refused, while it runs and afterwards', async () => {
  const stage = new Stage();
  const about = { name: 'home' };
  const run = 'r1';
  const address = await stage.host.start(home, { run, input: { n: 1 }, about });
  const conflict = (words: string) => ({ kind: 'conflict', message: expect.stringContaining(words) as string });
  for (const host of [stage.host, stage.crash()]) {
    await expect(host.start(home, { run, input: { n: 2 }, about })).rejects.toMatchObject(conflict('another input'));
    await expect(host.start(home, { run, input: { n: 1 }, about: { name: 'b' } })).rejects.toMatchObject(
      conflict('is of "home", not of "b"'),
    );
    await expect(host.start({ ...home, name: 'other' }, { run, input: { n: 1 } })).rejects.toMatchObject(
      conflict(`is ${address}, not other/r1`),
    );
    expect(await host.start(home, { run, input: { n: 1 }, about })).toBe(address);
  }
});

test('an unknown run cannot be resumed; a run must have an id', async () => {
  const stage = new Stage();
  await expect(stage.host.resume('r9', home)).rejects.toMatchObject({
    kind: 'unknown_recipient',
    message: expect.stringContaining('"r9"') as string,
  });
  for (const run of ['__proto__', 'My Run', '', '../x'])
    await expect(stage.host.start(home, { run, input: null })).rejects.toMatchObject({ kind: 'invalid' });
});

test('a message for an actor of another process is put in the inbox of the journal', async () => {
  const stage = new Stage();
  const pen = type(
    setup({ types: {} as { events: Signal }, actions: engineActions }).createMachine({
      id: 'pen',
      on: { write: { actions: { type: 'tell', params: { to: 'home/r1', type: 'call', body: {} } } } },
    }),
  );
  await stage.start(home);
  const other = stage.process();
  await other.host.start(pen, { run: 'r2', input: null });
  await other.transport.send(stage.envelope('pen/r2', { type: 'write' }));
  await stage.advance(250);
  expect((await stage.row('home/r1')).context).toEqual({ calls: 1 });
  expect(stage.dead()).toEqual([]);
});
