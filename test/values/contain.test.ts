/** What is called where nothing can catch an error: it is told once for each place, and nothing else happens. */
import { onTestFinished, expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { inContext } from '../../src/engine/workContext.ts';
import { contain } from '../../src/values/contain.ts';
import { toFailure } from '../../src/values/failure.ts';

/** The warnings and the fatal errors of this process, until the test ends. */
function watchProcess() {
  const fatal: unknown[] = [];
  const warnings: string[] = [];
  const before = process.listeners('uncaughtException');
  const remember = (thrown: unknown) => void fatal.push(thrown);
  const warned = ({ name, message }: Error) => void (name === 'TroupeWarning' && warnings.push(message));
  process.removeAllListeners('uncaughtException').on('uncaughtException', remember).on('warning', warned);
  onTestFinished(() => {
    process.off('uncaughtException', remember).off('warning', warned);
    for (const listener of before) process.on('uncaughtException', listener);
  });
  return { fatal, warnings };
}
const turn = () => new Promise((next) => setImmediate(next));

test('an error is told once for each place, on one line, and the next call is made', async () => {
  const { warnings } = watchProcess();
  const calls: number[] = [];
  const fail = (n: number) => {
    calls.push(n);
    throw new Error('bad\nnews\u001b[2J');
  };
  contain('A first place', fail, 1);
  contain('A first place', fail, 2);
  contain('A second place', fail, 3);
  await turn();
  expect(calls).toEqual([1, 2, 3]);
  expect(warnings).toEqual([
    'A first place could not be handled: bad news [2J. What comes next is handled as usual; this is said once.',
    'A second place could not be handled: bad news [2J. What comes next is handled as usual; this is said once.',
  ]);
});

test.each([
  ['a promise that is rejected', () => Promise.reject(new Error('later')), /later/],
  ['a thrown object without a text', () => { throw Object.create(null); }, /\[object Object\]/], // prettier-ignore
  ['undefined', () => { throw undefined; }, /undefined/], // prettier-ignore
  ['a symbol', () => { throw Symbol('x'); }, /Symbol\(x\)/], // prettier-ignore
])('%s is contained, too', async (name, call, says) => {
  const { fatal, warnings } = watchProcess();
  contain(name, call);
  await turn();
  expect(warnings).toEqual([expect.stringMatching(says)]);
  expect(fatal).toEqual([]);
});

test('whatever is thrown becomes a failure', () => {
  for (const thrown of [Object.create(null), { toString: null }, Symbol('x'), undefined, null, 0n])
    expect(toFailure(thrown)).toMatchObject({ kind: 'internal', message: expect.any(String) as string });
});

test('a timer of ours that throws ends nothing, and the timer of a tool still fails the run of that tool', async () => {
  const { fatal, warnings } = watchProcess();
  const clock = systemClock();
  const throwing = (text: string) => () => {
    throw new Error(text);
  };
  clock.wake(0, throwing('ours'));
  const work = { run: 'r', actor: 'agent/r.a', effect: 'runTool', fail: () => true };
  inContext(work, () => clock.wake(0, throwing('of a tool')));
  await new Promise<void>((next) => void clock.wake(0, next));
  await turn();
  expect(warnings).toEqual([expect.stringMatching(/^A timer could not be handled: ours\./)]);
  expect(fatal).toMatchObject([{ message: 'of a tool' }]);
});
