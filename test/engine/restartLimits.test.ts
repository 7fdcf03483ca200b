/** How often a child may be restarted: counted across process restarts, readable in the journal, and a failure of the parent when exceeded. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { countedRestarts, restartList, type Restart } from '../../src/contracts/restart.ts';
import type { Supervision } from '../../src/core/actorType.ts';
import type { Signal } from './machines.ts';
import { Stage, type } from './testProcess.ts';

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
const breakLeaf = async (stage: Stage) => {
  const rows = await stage.journal.find({ type: 'leaf', status: 'active' });
  await stage.signal(rows[0]!.actor, { type: 'break' }).catch(() => {});
  return rows[0]!.actor;
};

test('a child that exceeds its restart limit fails its parent; when the parents exceed theirs too, the root fails with the cause', async () => {
  const stage = new Stage();
  const root = await stage.start(tree({ maxRestarts: 1, restart: 'fresh' }, { maxRestarts: 1, restart: 'fresh' }));
  const first = await breakLeaf(stage);
  expect((await stage.row(first)).status).toBe('active');
  await breakLeaf(stage); // One failure too many: mid fails and is restarted, with a new leaf.
  expect((await stage.row(first)).status).toBe('failed');
  const second = await breakLeaf(stage);
  expect(second).not.toBe(first);
  expect((await stage.row(root)).state).toBe('on');
  await breakLeaf(stage);
  expect((await stage.row(root)).state).toBe('gaveUp');
  const [middle] = await stage.journal.find({ type: 'mid' });
  expect(middle!.snapshot).toMatchObject({ failure: { kind: 'restarts', data: { times: 2, maxRestarts: 1 } } });
});

test.each(['fresh', 'resume'] as const)(
  'restarts still count after the process was restarted (%s)',
  async (restart) => {
    const stage = new Stage();
    const flat = type(
      setup({ actors: { leaf } }).createMachine({
        id: 'flat',
        initial: 'on',
        states: { on: { invoke: { src: 'leaf', id: 'leaf', onError: 'gaveUp' } }, gaveUp: {} },
      }),
      { supervise: { maxRestarts: 2, within: 60_000, restart } },
    );
    const root = await stage.start(flat);
    await breakLeaf(stage);
    await stage.resume(flat);
    const address = await breakLeaf(stage);
    await stage.resume(flat);
    expect((await stage.row(root)).state).toBe('on');
    const kept = (await stage.journal.list(address, restartList)) as unknown as Restart[];
    expect(kept).toMatchObject([
      { by: root, how: restart, kind: 'internal', maxRestarts: 2, within: 60_000, strategy: 'one-for-one' },
      { by: root, how: restart },
    ]);
    expect(countedRestarts(kept, stage.clock.now())).toHaveLength(2);
    await breakLeaf(stage);
    expect((await stage.row(root)).state).toBe('gaveUp');
    expect((await stage.row(address)).failure).toMatchObject({ kind: 'restarts' });
  },
);

test('when siblings are restarted too, only the restart of the failed child counts', async () => {
  const stage = new Stage();
  const pair = type(
    setup({ actors: { leaf } }).createMachine({
      id: 'pair',
      initial: 'on',
      states: { on: { invoke: ['a', 'b'].map((id) => ({ src: 'leaf' as const, id })) } },
    }),
    { supervise: { strategy: 'one-for-all', restart: 'fresh', maxRestarts: 1 } },
  );
  await stage.start(pair);
  await breakLeaf(stage);
  const rows = await stage.journal.find({ type: 'leaf' });
  const kept = await Promise.all(rows.map(({ actor }) => stage.journal.list(actor, restartList)));
  expect(kept.flat()).toHaveLength(1);
});

test('restarts outside the time window do not count, also after the process was restarted', async () => {
  const stage = new Stage();
  const flat = tree({}, { maxRestarts: 1, within: 1_000, restart: 'fresh' });
  await stage.start(flat);
  const address = await breakLeaf(stage);
  await stage.advance(1_001);
  await stage.resume(flat);
  await breakLeaf(stage);
  expect((await stage.row(address)).status).toBe('active');
});
