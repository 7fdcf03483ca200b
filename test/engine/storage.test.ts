/** While the journal is locked, full or unavailable, runs wait and nothing is lost. */
import { expect, test } from 'vitest';
import { effect } from '../../actors/effect.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { worker } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

/** From now on every write fails, until the given function is called. */
function takeAway(stage: Stage): () => void {
  const { commit, record } = stage.journal;
  const away = () => Promise.reject(new TroupeError('storage', 'the disk is full'));
  Object.assign(stage.journal, { commit: away, record: away });
  return () => void Object.assign(stage.journal, { commit, record });
}

test('no effect starts while the journal is unavailable, and the run continues once it is back', async () => {
  const stage = new Stage();
  let performed = 0;
  const address = await stage.start(type(worker(effect(async () => ++performed))));
  const giveBack = takeAway(stage);
  let taken = false;
  const sent = stage.signal(address, { type: 'go' }).then(() => (taken = true));
  await stage.advance(3_000);
  expect({ performed, taken }).toEqual({ performed: 0, taken: false });
  expect(stage.seen.filter(({ type }) => type === 'stalled')).toContainEqual(
    expect.objectContaining({
      actor: address,
      failure: expect.objectContaining({ message: 'the disk is full' }) as unknown,
    }),
  );
  giveBack();
  await stage.advance(5_000);
  await sent;
  expect({ performed, taken }).toEqual({ performed: 1, taken: true });
  expect((await stage.row(address)).context).toMatchObject({ got: 1 });
});

test('an effect whose result cannot be stored yet is not performed again', async () => {
  const stage = new Stage();
  let performed = 0;
  let giveBack = () => {};
  const work = effect(async () => {
    giveBack = takeAway(stage);
    return ++performed;
  });
  const address = await stage.start(type(worker(work)));
  await stage.signal(address, { type: 'go' });
  await stage.advance(60_000);
  giveBack();
  await stage.advance(5_000);
  expect(performed).toBe(1);
  expect((await stage.row(address)).context).toMatchObject({ got: 1 });
});

test('an effect that reads a list while the journal is unavailable waits, and does not fail', async () => {
  const stage = new Stage();
  const address = await stage.start(
    type(worker(effect(async (_: unknown, scope) => (await scope.list('said')).length))),
  );
  const list = stage.journal.list.bind(stage.journal);
  stage.journal.list = () => Promise.reject(new TroupeError('storage', 'the disk is away'));
  await stage.signal(address, { type: 'go' });
  await stage.advance(10_000);
  expect(stage.seen.at(-1)).toMatchObject({ type: 'stalled', failure: { message: 'the disk is away' } });
  stage.journal.list = list;
  await stage.advance(5_000);
  expect(await stage.row(address)).toMatchObject({ state: 'done', context: { got: 0 } });
});

test('a stalled run can be parked, and resumed where it was', async () => {
  const stage = new Stage();
  const machine = type(worker(effect(async () => 1)));
  const address = await stage.start(machine);
  const giveBack = takeAway(stage);
  const sent = stage.signal(address, { type: 'go' }).catch(({ kind }: { kind: string }) => kind);
  await stage.advance(500);
  await stage.host.park('r1');
  giveBack();
  await stage.advance(10_000);
  expect(await sent).toMatch(/fenced/);
  await stage.host.resume('r1', machine);
  await settle();
  expect((await stage.row(address)).state).toBe('idle');
  await stage.signal(address, { type: 'go' });
  expect((await stage.row(address)).state).toBe('done');
});

test('when the journal cannot be read, start and post fail with its error', async () => {
  const stage = new Stage();
  const machine = type(worker(effect(async () => 1)));
  const load = stage.journal.load;
  stage.journal.load = () => Promise.reject(new TroupeError('storage', 'the disk is gone'));
  await expect(stage.host.start(machine, { run: 'r1', input: null })).rejects.toMatchObject({ kind: 'storage' });
  expect(stage.host.owns('r1')).toBe(false);
  stage.journal.load = load;
  await stage.start(machine);
});

test('a commit whose content the journal refuses fails the message, not the run', async () => {
  const stage = new Stage();
  const address = await stage.start(type(worker(effect(async () => 1))));
  const commit = stage.journal.commit.bind(stage.journal);
  stage.journal.commit = (row) => {
    stage.journal.commit = commit;
    return Promise.reject(new TroupeError('invalid', `${row.actor} is too large`));
  };
  await expect(stage.signal(address, { type: 'go' })).rejects.toMatchObject({ kind: 'invalid' });
  expect(stage.host.owns('r1')).toBe(true);
  await stage.signal(address, { type: 'go' });
  expect((await stage.row(address)).state).toBe('done');
});
