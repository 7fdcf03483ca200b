/** E9: deadlines are absolute, inherited, and only shrink; a message that comes after its deadline is refused. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { worker, type Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const deadlines: (number | undefined)[] = [];
const leaf = setup({
  types: {} as { events: Signal },
  actors: { look: effect(async (_: unknown, { deadline }) => void deadlines.push(deadline)) },
}).createMachine({
  id: 'leaf',
  initial: 'on',
  states: { on: { invoke: { src: 'look', id: 'look', onDone: 'seen', onError: 'seen' } }, seen: {} },
});
const branch = setup({ actors: { leaf } }).createMachine({
  id: 'branch',
  initial: 'on',
  states: { on: { invoke: { src: 'leaf', id: 'leaf', onError: 'over' } }, over: {} },
});
const tree = type(
  setup({ actors: { branch } }).createMachine({
    id: 'tree',
    initial: 'on',
    states: { on: { invoke: { src: 'branch', id: 'branch', onError: 'over' } }, over: {} },
  }),
);

test('children and effects inherit the deadline, unchanged by a crash', async () => {
  const testProcess = new TestProcess();
  deadlines.length = 0;
  const deadline = testProcess.clock.now() + 5_000;
  await testProcess.host.start(tree, { run: 'r1', input: null, deadline });
  await settle();
  expect(deadlines).toEqual([deadline]);
  const rows = await testProcess.journal.find({ run: 'r1' });
  expect(rows.map(({ meta }) => (meta as { deadline?: number }).deadline)).toEqual([deadline, deadline, deadline]);
});

test.each([
  ['its own when that is earlier', 1_000, 1_000],
  ['the inherited one when its own is later', 10_000, 5_000],
])('what an actor starts gets %s', async (_, own, expected) => {
  const testProcess = new TestProcess();
  deadlines.length = 0;
  const now = testProcess.clock.now();
  await testProcess.host.start({ ...tree, deadline: own }, { run: 'r1', input: null, deadline: now + 5_000 });
  await settle();
  expect(deadlines).toEqual([now + expected]);
});

test('a message that comes after its deadline is refused, and changes nothing', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(async () => 1))));
  await expect(
    testProcess.signal(address, { type: 'go' }, { deadline: testProcess.clock.now() - 1 }),
  ).rejects.toMatchObject({
    kind: 'expired',
    message: expect.stringContaining('1 ms after its deadline') as string,
  });
  await testProcess.signal(address, { type: 'go' }, { deadline: testProcess.clock.now() });
  expect(testProcess.states(address)).toEqual(['idle', 'working', 'done']);
});

test('a message whose deadline passes while it waits is not handled', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(() => new Promise<Json>(() => {})))));
  const commit = testProcess.journal.commit.bind(testProcess.journal);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  testProcess.journal.commit = async (...args) => (await held, commit(...args));
  const first = testProcess.signal(address, { type: 'go' });
  const second = testProcess.signal(address, { type: 'stop' }, { deadline: testProcess.clock.now() + 100 });
  const refused = expect(second).rejects.toMatchObject({ kind: 'expired' });
  await testProcess.advance(200);
  go();
  await first;
  await refused;
  expect((await testProcess.row(address)).state).toBe('working');
});

test('an effect does not wait past the deadline to retry', async () => {
  const testProcess = new TestProcess();
  let tries = 0;
  const work = effect(
    async () => (tries++, Promise.reject(new TroupeError('transient', 'busy', { retryAfter: 10_000 }))),
    { retry: { times: 5 } },
  );
  const address = await testProcess.host.start(type(worker(work)), {
    run: 'r1',
    input: null,
    deadline: testProcess.clock.now() + 5_000,
  });
  await testProcess.signal(address, { type: 'go' });
  expect(tries).toBe(1);
  expect((await testProcess.row(address)).context).toMatchObject({ failed: { kind: 'transient' } });
});
