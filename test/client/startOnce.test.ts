/** One key is one run: what another process has under it is that run, once something of it is stored. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { startOnce } from '../../src/client/startOnce.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { flowsOver } from './flows.ts';

const elsewhere = () => Promise.reject(new TroupeError('owned_elsewhere', 'Another process has it.'));
const greet = () => flowsOver({ done: [], isBroken: false })['greet']!;

test('a run that another process is just beginning is joined as soon as it is stored', async () => {
  await using runtime = await testRuntime();
  const { journal, clock } = runtime;
  let looks = 0;
  const stored = {
    find: async (query: Parameters<typeof journal.find>[0]) => {
      if (++looks === 3) await runtime.start(greet(), null, { key: 'k' });
      return journal.find(query);
    },
  };
  const started = startOnce({ journal: stored, clock }, 'k', elsewhere);
  await runtime.advance('1s');
  expect(await started).toBe('k');
  expect(looks).toBe(3);
});

test('one that has died before it stored anything is waited for shortly: then the caller asks again', async () => {
  await using runtime = await testRuntime();
  const started = startOnce(runtime, 'k', elsewhere);
  const refused = expect(started).rejects.toMatchObject({ kind: 'owned_elsewhere' });
  await runtime.advance('5s');
  await refused;
  await expect(startOnce(runtime, undefined, elsewhere)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
});

test('another input under a key that another process is just beginning is refused as it is later', async () => {
  await using runtime = await testRuntime();
  await runtime.start(greet(), 'one', { key: 'k' });
  // The run was not stored yet when it was looked for, and is when it is looked for again.
  const answers = [elsewhere, async () => runtime.start(greet(), 'two', { key: 'k' })];
  await expect(startOnce(runtime, 'k', async () => answers.shift()!())).rejects.toMatchObject({
    kind: 'conflict',
  });
});
