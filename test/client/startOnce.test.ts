/** One key is one run: what another process has under it is that run, once something of it is stored. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { startOnce } from '../../src/client/startOnce.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { flowsOver } from './flows.ts';

const elsewhere = () => Promise.reject(new TroupeError('owned_elsewhere', 'Another process has it.'));

test('a run that another process is just beginning is not there yet: the caller asks again', async () => {
  await using runtime = await testRuntime();
  await expect(startOnce(runtime.journal, 'k', elsewhere)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
  await runtime.start(flowsOver({ done: [], isBroken: false })['greet']!, null, { key: 'k' });
  expect(await startOnce(runtime.journal, 'k', elsewhere)).toBe('k');
  await expect(startOnce(runtime.journal, undefined, elsewhere)).rejects.toMatchObject({ kind: 'owned_elsewhere' });
});

test('another input under a key that another process is just beginning is refused as it is later', async () => {
  await using runtime = await testRuntime();
  await runtime.start(flowsOver({ done: [], isBroken: false })['greet']!, 'one', { key: 'k' });
  // The run was not stored yet when it was looked for, and is when it is looked for again.
  const answers = [
    elsewhere,
    async () => runtime.start(flowsOver({ done: [], isBroken: false })['greet']!, 'two', { key: 'k' }),
  ];
  await expect(startOnce(runtime.journal, 'k', async () => answers.shift()!())).rejects.toMatchObject({
    kind: 'conflict',
  });
});
