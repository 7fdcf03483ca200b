/** The order in which a run catches up, and what it leaves when it is given up meanwhile. */
import { expect, test } from 'vitest';
import { Activity } from '../../src/engine/activity.ts';
import { CatchUp } from '../../src/engine/catchUp.ts';
import { deferred } from '../deferred.ts';
import { settle } from './testProcess.ts';

const run = 'r1';
const timer = (key: string, due: number) => ({ address: 'agent/a', key, due });

/** Writes down what it is told, in order; messages are handed in once `mail` resolves. */
function catchingUp(mail = Promise.resolve(), left: readonly number[] = []) {
  const activity = new Activity();
  const said: string[] = [];
  const catchUp = new CatchUp({
    activity,
    fire: ({ key }) => void said.push(key),
    settled: async () => void (said.at(-1) === '.' || said.push('.')),
    handIn: async () => {
      await mail;
      for (const time of left) {
        await catchUp.upTo(run, time);
        said.push(`mail of ${time}`);
      }
    },
    onDone: () => void said.push('done'),
  });
  return { activity, catchUp, said };
}

test('timers that were due at one time fire together; each later one when all that follows from those before is committed', async () => {
  const { catchUp, said } = catchingUp();
  catchUp.add(run, [timer('c', 3), timer('a1', 1), timer('a2', 1), timer('b', 2)]);
  await catchUp.of(run);
  expect(said).toEqual(['.', 'a1', 'a2', '.', 'b', '.', 'c', '.', 'done']);
  expect(catchUp.of(run)).toBeUndefined();
});

test('a message comes after the timers that were due until it was left, and before the later ones', async () => {
  const { catchUp, said } = catchingUp(Promise.resolve(), [0, 2]);
  catchUp.add(run, [timer('b', 2), timer('c', 3), timer('a', 1)]);
  await catchUp.of(run);
  expect(said).toEqual(['.', 'mail of 0', '.', 'a', '.', 'b', '.', 'mail of 2', '.', 'c', '.', 'done']);
});

test('a timer that becomes late meanwhile has its place among those that wait', async () => {
  const mail = deferred();
  const { catchUp, said } = catchingUp(mail.promise);
  catchUp.add(run, [timer('a', 1), timer('c', 3)]);
  catchUp.add(run, [timer('b', 2)]);
  mail.resolve();
  await catchUp.of(run);
  expect(said.filter((what) => what !== '.')).toEqual(['a', 'b', 'c', 'done']);
});

test('a run that is given up while it catches up fires nothing more, and is not busy for ever', async () => {
  const mail = deferred();
  const { activity, catchUp, said } = catchingUp(mail.promise);
  catchUp.add(run, [timer('a', 1)]);
  expect(activity.isIdle(run)).toBe(false);
  let told = 0;
  activity.watch(run, () => told++);
  catchUp.drop(run);
  expect([activity.isIdle(run), told, catchUp.of(run)]).toEqual([true, 1, undefined]);
  // It is taken again before the first catching up has noticed.
  catchUp.add(run, [timer('b', 2)]);
  mail.resolve();
  await catchUp.of(run);
  await settle();
  expect(said.filter((what) => what !== '.')).toEqual(['b', 'done']);
  expect(activity.isIdle(run)).toBe(true);
});

test('a run that is given up and begun again meanwhile: its late timers wait for its own messages, not for those of before', async () => {
  const [before, after] = [deferred(), deferred()];
  const mails = [before.promise, after.promise];
  const said: string[] = [];
  const catchUp = new CatchUp({
    activity: new Activity(),
    fire: ({ key }) => void said.push(key),
    settled: async () => {},
    handIn: async () => {
      await mails.shift();
      said.push('mail');
    },
    onDone: () => void said.push('done'),
  });
  catchUp.add(run, [timer('a', 1)]);
  catchUp.drop(run);
  catchUp.add(run, [timer('b', 2)]);
  before.resolve();
  await settle();
  expect(said).toEqual(['mail']);
  after.resolve();
  await catchUp.of(run);
  expect(said).toEqual(['mail', 'mail', 'b', 'done']);
});
