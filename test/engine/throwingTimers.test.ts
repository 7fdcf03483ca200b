/** A throw where timers are set or fire costs one timer, or one run: the later timers of the host still fire. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { systemClock } from '../../src/engine/clock.ts';
import { Timers } from '../../src/engine/timers.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const planted = () => {
  throw new Error('planted');
};

test('when what a timer calls throws, the later timers are set again', () => {
  const clock = virtualClock();
  const fired: string[] = [];
  const timers = new Timers(clock, (due) => {
    fired.push(...due.map(({ key }) => key));
    if (fired.length === 1) planted();
  });
  for (const after of [10, 20, 30]) timers.set(`${after}`, clock.now() + after, 'agent/a');
  expect(() => clock.advance(10)).toThrow('planted');
  clock.advance(20);
  expect(fired).toEqual(['10', '20', '30']);
});

test('when the clock refuses a timer, those that were set before wake the host, and it fires with them', () => {
  const clock = virtualClock();
  let refuses = false;
  const fired: string[] = [];
  const wake: typeof clock.wake = (at, call) => (refuses ? planted() : clock.wake(at, call));
  const timers = new Timers({ ...clock, wake }, (due) => fired.push(...due.map(({ key }) => key)));
  const set = (after: number) => timers.set(`${after}`, clock.now() + after, 'agent/a');
  set(30);
  refuses = true;
  expect(() => set(10)).toThrow('planted');
  refuses = false;
  clock.advance(29);
  expect(fired).toEqual([]);
  clock.advance(1);
  expect(fired).toEqual(['10', '30']);
});

const sleeper = (id: string) =>
  type(
    setup({ delays: { pause: 1_000 } }).createMachine({
      id,
      initial: 'waiting',
      states: { waiting: { after: { pause: 'done' } }, done: { type: 'final' } },
    }),
  );

test.each([
  ['when it is due', 0],
  ['late, after its process was suspended', 60_000],
])(
  'an actor whose timer cannot be fired %s stops its own run, which can be resumed, and no other',
  async (_, asleep) => {
    const inner = virtualClock();
    let suspended = 0;
    const testProcess = new TestProcess({ clock: { ...inner, now: () => inner.now() + suspended } });
    const { host } = testProcess;
    const [first, second] = [await testProcess.start(sleeper('first'), null, 'r1'), await testProcess.start(sleeper('second'), null, 'r2')]; // prettier-ignore
    const actor = host.actor(first);
    if (!actor) throw new Error('It is in memory.');
    actor.fireTimer = planted;
    suspended = asleep;
    await testProcess.advance(1_000);
    expect((await testProcess.row(second)).state).toBe('done');
    expect(await testProcess.row(first)).toMatchObject({ status: 'active', state: 'waiting' });
    expect(host.whyLost('r1')).toMatchObject({
      kind: 'internal',
      message: expect.stringContaining('planted') as string,
    });
    expect(host.owns('r1')).toBe(false);
    await host.resume('r1', sleeper('first'));
    await settle();
    await testProcess.advance(0);
    expect((await testProcess.row(first)).state).toBe('done');
  },
);

test('a timer of the system that throws does not keep the next ones from firing', async () => {
  const clock = systemClock();
  const fired: number[] = [];
  const timers = new Timers(clock, (due) => {
    fired.push(due.length);
    planted();
  });
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  timers.set('a', clock.now() + 1, 'agent/a');
  timers.set('b', clock.now() + 1_000, 'agent/a');
  await expect.poll(() => fired).toEqual([1, 1]);
  expect(String(await warned)).toContain('A timer could not be handled: planted');
});
