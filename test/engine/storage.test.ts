/** While the journal is locked, full or unavailable, runs wait and nothing is lost. */
import { expect, test } from 'vitest';
import { effect } from '../../actors/effect.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { worker } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

/** From now on every write fails, until the given function is called. */
function makeUnavailable(testProcess: TestProcess): () => void {
  const { commit, record } = testProcess.journal;
  const fail = () => Promise.reject(new TroupeError('storage', 'the disk is full'));
  Object.assign(testProcess.journal, { commit: fail, record: fail });
  return () => void Object.assign(testProcess.journal, { commit, record });
}

test('no effect starts while the journal is unavailable, and the run continues once it is back', async () => {
  const testProcess = new TestProcess();
  let performed = 0;
  const address = await testProcess.start(type(worker(effect(async () => ++performed))));
  const restore = makeUnavailable(testProcess);
  let taken = false;
  const sent = testProcess.signal(address, { type: 'go' }).then(() => (taken = true));
  await testProcess.advance(3_000);
  expect({ performed, taken }).toEqual({ performed: 0, taken: false });
  expect(testProcess.inspections.filter(({ type }) => type === 'stalled')).toContainEqual(
    expect.objectContaining({
      actor: address,
      failure: expect.objectContaining({ message: 'the disk is full' }) as unknown,
    }),
  );
  restore();
  await testProcess.advance(5_000);
  await sent;
  expect({ performed, taken }).toEqual({ performed: 1, taken: true });
  expect((await testProcess.row(address)).context).toMatchObject({ got: 1 });
});

test('an effect whose result cannot be stored yet is not performed again', async () => {
  const testProcess = new TestProcess();
  let performed = 0;
  let restore = () => {};
  const work = effect(async () => {
    restore = makeUnavailable(testProcess);
    return ++performed;
  });
  const address = await testProcess.start(type(worker(work)));
  await testProcess.signal(address, { type: 'go' });
  await testProcess.advance(60_000);
  restore();
  await testProcess.advance(5_000);
  expect(performed).toBe(1);
  expect((await testProcess.row(address)).context).toMatchObject({ got: 1 });
});

test('an effect that reads a list while the journal is unavailable waits, and does not fail', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(
    type(worker(effect(async (_: unknown, scope) => (await scope.list('said')).length))),
    null,
    'r1',
    5,
  );
  const list = testProcess.journal.list.bind(testProcess.journal);
  testProcess.journal.list = () => Promise.reject(new TroupeError('storage', 'the disk is away'));
  await testProcess.signal(address, { type: 'go' });
  await testProcess.advance(10_000);
  expect(testProcess.inspections.at(-1)).toMatchObject({ type: 'stalled', failure: { message: 'the disk is away' } });
  testProcess.journal.list = list;
  await testProcess.advance(5_000);
  expect(await testProcess.row(address)).toMatchObject({ state: 'done', context: { got: 5 } });
});

test('a stalled run can be parked, and resumed where it was', async () => {
  const testProcess = new TestProcess();
  const machine = type(worker(effect(async () => 1)));
  const address = await testProcess.start(machine);
  const restore = makeUnavailable(testProcess);
  const sent = testProcess.signal(address, { type: 'go' }).catch(({ kind }: { kind: string }) => kind);
  await testProcess.advance(500);
  await testProcess.host.park('r1');
  restore();
  await testProcess.advance(10_000);
  expect(await sent).toMatch(/fenced/);
  await testProcess.host.resume('r1', machine);
  await settle();
  expect((await testProcess.row(address)).state).toBe('idle');
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).state).toBe('done');
});

test('when the journal cannot be read, start and post fail with its error', async () => {
  const testProcess = new TestProcess();
  const machine = type(worker(effect(async () => 1)));
  const find = testProcess.journal.find;
  testProcess.journal.find = () => Promise.reject(new TroupeError('storage', 'the disk is gone'));
  await expect(testProcess.host.start(machine, { run: 'r1', input: null })).rejects.toMatchObject({ kind: 'storage' });
  expect(testProcess.host.owns('r1')).toBe(false);
  testProcess.journal.find = find;
  await testProcess.start(machine);
});

test('a commit whose content the journal refuses fails the message, not the run', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(async () => 1))));
  const commit = testProcess.journal.commit.bind(testProcess.journal);
  testProcess.journal.commit = (row) => {
    testProcess.journal.commit = commit;
    return Promise.reject(new TroupeError('invalid', `${row.actor} is too large`));
  };
  await expect(testProcess.signal(address, { type: 'go' })).rejects.toMatchObject({ kind: 'invalid' });
  expect(testProcess.host.owns('r1')).toBe(true);
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).state).toBe('done');
});
