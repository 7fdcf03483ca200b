/** What an actor has running ends when it is let go of, and whoever watches hears of it. */
import { expect, test } from 'vitest';
import { fromPromise } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Json } from '../../src/values/json.ts';
import { worker } from './machines.ts';
import { Stage, type } from './testProcess.ts';

test.each([
  ['an XState promise that never ends', fromPromise(() => new Promise<Json>(() => {}))],
  [
    'an effect that minds its signal',
    effect((_: Json, { signal }) => new Promise<Json>((_resolve, reject) => signal.addEventListener('abort', reject))),
  ],
])('%s is told as stopped when its actor gives it up', async (_, work) => {
  const stage = new Stage();
  const address = await stage.start(type(worker(work)));
  await stage.signal(address, { type: 'go' });
  await stage.signal(address, { type: 'stop' });
  const told = stage.seen.filter(({ type: what }) => what.startsWith('effect.'));
  expect(told.map(({ type: what }) => what)).toEqual(['effect.started', 'effect.stopped']);
});
