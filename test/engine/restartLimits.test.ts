/** How often a child may be restarted: counted across process restarts, readable in the journal, and a failure of the parent when exceeded. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { countedRestarts, restartList, type Restart } from '../../src/contracts/restart.ts';
import type { Supervision } from '../../src/core/actorType.ts';
import type { Signal } from './machines.ts';
import { TestProcess, type } from './testProcess.ts';

const leaf = setup({
  types: {} as { events: Signal },
  actions: {
    break: assign(() => {
      throw new Error('broken on purpose');
    }),
  },
}).createMachine({ id: 'leaf', on: { break: { actions: 'break' }, count: {} } });
const mid = setup({ actors: { leaf } }).createMachine({
  id: 'mid',
  initial: 'on',
  states: { on: { invoke: { src: 'leaf', id: 'leaf' } } },
});
const top = setup({ actors: { mid } }).createMachine({
  id: 'top',
  initial: 'on',
  states: { on: { invoke: { src: 'mid', id: 'mid', onError: 'gaveUp' } }, gaveUp: {} },
});
const tree = (above: Partial<Supervision>, below: Partial<Supervision>) =>
  type(top, { supervise: above, children: { mid: { supervise: below } } });
const breakLeaf = async (testProcess: TestProcess) => {
  const rows = await testProcess.journal.find({ type: 'leaf', status: 'active' });
  await testProcess.signal(rows[0]!.actor, { type: 'break' }).catch(() => {});
  return rows[0]!.actor;
};

test('a child that exceeds its restart limit fails its parent; when the parents exceed theirs too, the root fails with the cause', async () => {
  const testProcess = new TestProcess();
  const root = await testProcess.start(
    tree({ maxRestarts: 1, restart: 'fresh' }, { maxRestarts: 1, restart: 'fresh' }),
  );
  const first = await breakLeaf(testProcess);
  expect((await testProcess.row(first)).status).toBe('active');
  await breakLeaf(testProcess); // One failure too many: mid fails and is restarted, with a new leaf.
  expect((await testProcess.row(first)).status).toBe('failed');
  const second = await breakLeaf(testProcess);
  expect(second).not.toBe(first);
  expect((await testProcess.row(root)).state).toBe('on');
  await breakLeaf(testProcess);
  expect((await testProcess.row(root)).state).toBe('gaveUp');
  const [middle] = await testProcess.journal.find({ type: 'mid' });
  expect(middle!.snapshot).toMatchObject({ failure: { kind: 'restarts', data: { times: 2, maxRestarts: 1 } } });
});

test.each(['fresh', 'resume'] as const)(
  'restarts still count after the process was restarted (%s)',
  async (restart) => {
    const testProcess = new TestProcess();
    const flat = type(
      setup({ actors: { leaf } }).createMachine({
        id: 'flat',
        initial: 'on',
        states: { on: { invoke: { src: 'leaf', id: 'leaf', onError: 'gaveUp' } }, gaveUp: {} },
      }),
      { supervise: { maxRestarts: 2, within: 60_000, restart } },
    );
    const root = await testProcess.start(flat);
    await breakLeaf(testProcess);
    await testProcess.resume(flat);
    const address = await breakLeaf(testProcess);
    await testProcess.resume(flat);
    expect((await testProcess.row(root)).state).toBe('on');
    const restarts = (await testProcess.journal.list(address, restartList)) as unknown as Restart[];
    expect(restarts).toMatchObject([
      { by: root, how: restart, kind: 'internal', maxRestarts: 2, within: 60_000, strategy: 'one-for-one' },
      { by: root, how: restart },
    ]);
    expect(countedRestarts(restarts, testProcess.clock.now())).toHaveLength(2);
    await breakLeaf(testProcess);
    expect((await testProcess.row(root)).state).toBe('gaveUp');
    expect((await testProcess.row(address)).failure).toMatchObject({ kind: 'restarts' });
  },
);

test('when siblings are restarted too, only the restart of the failed child counts', async () => {
  const testProcess = new TestProcess();
  const pair = type(
    setup({ actors: { leaf } }).createMachine({
      id: 'pair',
      initial: 'on',
      states: { on: { invoke: ['a', 'b'].map((id) => ({ src: 'leaf' as const, id })) } },
    }),
    { supervise: { strategy: 'one-for-all', restart: 'fresh', maxRestarts: 1 } },
  );
  await testProcess.start(pair);
  await breakLeaf(testProcess);
  const rows = await testProcess.journal.find({ type: 'leaf' });
  const restarts = await Promise.all(rows.map(({ actor }) => testProcess.journal.list(actor, restartList)));
  expect(restarts.flat()).toHaveLength(1);
});

test('restarts outside the time window do not count, also after the process was restarted', async () => {
  const testProcess = new TestProcess();
  const flat = tree({}, { maxRestarts: 1, within: 1_000, restart: 'fresh' });
  await testProcess.start(flat);
  const address = await breakLeaf(testProcess);
  await testProcess.advance(1_001);
  await testProcess.resume(flat);
  await breakLeaf(testProcess);
  expect((await testProcess.row(address)).status).toBe('active');
});
