/** What is under way in a run: counted once each, and every end is told. */
import { expect, test } from 'vitest';
import { Activity } from '../../src/engine/activity.ts';
import { virtualClock } from '../../src/testing/clock.ts';

test('a run is busy until each thing that began in it has ended, however often one of them ends', () => {
  const activity = new Activity();
  const [first, second] = [activity.begin('r1'), activity.begin('r1')];
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect([activity.isIdle('r1'), activity.isIdle('r2')]).toEqual([false, true]);
  second[Symbol.dispose]();
  expect(activity.isIdle('r1')).toBe(true);
});

test('the watchers of a run are told of every end in it, once, until they look away', () => {
  const activity = new Activity();
  const seen: string[] = [];
  const watching = ['a', 'b'].map((who) => activity.watch('r1', () => seen.push(`${who} ${activity.isIdle('r1')}`)));
  const tasks = ['r1', 'r1', 'r2', 'r1'].map((run) => activity.begin(run));
  tasks[2]?.[Symbol.dispose]();
  expect(seen).toEqual([]);
  tasks[0]?.[Symbol.dispose]();
  tasks[0]?.[Symbol.dispose]();
  expect(seen).toEqual(['a false', 'b false']);
  watching[0]?.[Symbol.dispose]();
  tasks[1]?.[Symbol.dispose]();
  tasks[3]?.[Symbol.dispose]();
  expect(seen).toEqual(['a false', 'b false', 'b false', 'b true']);
});

test('who waits for the next change waits until its time at most, and leaves nothing behind', async () => {
  const activity = new Activity();
  const clock = virtualClock();
  const until = clock.now() + 1_000;
  const waits: string[] = [];
  const wait = (name: string) => activity.nextChange('r1', clock, until).then(() => waits.push(name));
  const first = wait('by an end');
  activity.begin('r1')[Symbol.dispose]();
  await first;
  const second = wait('by the time');
  clock.advance(999);
  await Promise.resolve();
  expect(waits).toEqual(['by an end']);
  clock.advance(1);
  await second;
  expect(waits).toEqual(['by an end', 'by the time']);
});
