/** A run that is given back: what its ended root left is stopped first, within a limit. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { deferred } from '../deferred.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const kid = setup({ types: {} as { events: Signal } }).createMachine({
  id: 'kid',
  initial: 'waiting',
  states: { waiting: {} },
});

/** Has a child, and leaves it behind when it is told to end. */
const root = type(
  setup({ types: {} as { events: Signal }, actors: { kid } }).createMachine({
    id: 'root',
    initial: 'on',
    states: { on: { invoke: { src: 'kid' }, on: { end: 'over' } }, over: { type: 'final' } },
  }),
);

/** A journal that does not answer to the stop of a child, until what is returned with it is called. */
function slowToStop(): { journal: Journal; answer: () => void } {
  const journal = memory();
  const answer = deferred();
  const isStop = ({ actor, status }: Commit) => actor.startsWith('kid') && status !== 'active';
  return {
    journal: {
      ...journal,
      commit: async (commit) => {
        if (isStop(commit)) await answer.promise;
        return journal.commit(commit);
      },
    },
    answer: answer.resolve,
  };
}

/** A process with runs whose roots have ended, and children that are being stopped. */
async function withEndedRuns(...runs: readonly string[]) {
  const { journal, answer } = slowToStop();
  const testProcess = new TestProcess({ journal });
  for (const run of runs) {
    const address = await testProcess.start(root, null, run);
    await testProcess.signal(address, { type: 'end' }, { run });
  }
  return { testProcess, answer };
}

/** Is the promise settled, without time going on? */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await settle();
  return over;
}

test('a run that has ended is parked within the grace, although what it left is not stopped yet', async () => {
  const { testProcess } = await withEndedRuns('r1');
  const parked = testProcess.host.park('r1', 1_000);
  expect(await isOver(parked)).toBe(false);
  await testProcess.advance(1_000);
  expect(await isOver(parked)).toBe(true);
  expect(testProcess.host.owns('r1')).toBe(false);
});

test('without a grace a run that has ended is parked at once', async () => {
  const { testProcess } = await withEndedRuns('r1');
  expect(await isOver(testProcess.host.park('r1'))).toBe(true);
});

test('a run that has ended is parked as soon as what it left is stopped', async () => {
  const { testProcess, answer } = await withEndedRuns('r1');
  const parked = testProcess.host.park('r1', 1_000);
  expect(await isOver(parked)).toBe(false);
  answer();
  expect(await isOver(parked)).toBe(true);
  expect((await testProcess.row(await testProcess.find('kid'))).status).toBe('stopped');
});

test('a host that closes waits once for all of its ended runs, and gives the others back meanwhile', async () => {
  const { testProcess } = await withEndedRuns('r1', 'r2', 'r3');
  await testProcess.start(root, null, 'r4');
  const closed = testProcess.host[Symbol.asyncDispose]();
  expect(await isOver(closed)).toBe(false);
  expect(['r1', 'r2', 'r3', 'r4'].filter((run) => testProcess.host.owns(run))).toEqual(['r1', 'r2', 'r3']);
  await testProcess.advance(5_000);
  expect(await isOver(closed)).toBe(true);
});

test('a run is parked only when the journal has its lease back, also when it gives it back by itself', async () => {
  const journal = memory();
  const answer = deferred();
  const testProcess = new TestProcess({
    journal: { ...journal, release: async (...lease) => (await answer.promise, await journal.release(...lease)) },
  });
  const address = await testProcess.start(root);
  await testProcess.signal(address, { type: 'end' });
  expect(testProcess.host.owns('r1')).toBe(false);
  const parked = testProcess.host.park('r1');
  const closed = testProcess.host[Symbol.asyncDispose]();
  expect([await isOver(parked), await isOver(closed)]).toEqual([false, false]);
  answer.resolve();
  expect([await isOver(parked), await isOver(closed)]).toEqual([true, true]);
});

test('a host closes without waiting for the lease of a run from whose end nobody can go on', async () => {
  const journal = memory();
  const testProcess = new TestProcess({
    journal: { ...journal, release: () => new Promise(() => {}) },
    mayGoOn: () => false,
  });
  const address = await testProcess.start(root);
  await testProcess.signal(address, { type: 'end' });
  expect(await isOver(testProcess.host[Symbol.asyncDispose]())).toBe(true);
});
