/** An effect is stopped when its actor leaves the state that invoked it, and observers get an event. */
import { expect, test } from 'vitest';
import { fromPromise } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Json } from '../../src/values/json.ts';
import { worker } from './machines.ts';
import { TestProcess, type } from './testProcess.ts';

test.each([
  ['an XState promise that never ends', fromPromise(() => new Promise<Json>(() => {}))],
  [
    'an effect that minds its signal',
    effect((_: Json, { signal }) => new Promise<Json>((_resolve, reject) => signal.addEventListener('abort', reject))),
  ],
])('%s is reported as stopped when its actor stops it', async (_, work) => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(work)));
  await testProcess.signal(address, { type: 'go' });
  await testProcess.signal(address, { type: 'stop' });
  const reported = testProcess.inspections.filter(({ type: what }) => what.startsWith('effect.'));
  expect(reported.map(({ type: what }) => what)).toEqual(['effect.started', 'effect.stopped']);
});
