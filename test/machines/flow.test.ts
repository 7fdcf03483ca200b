/** What a flow does with ends that nobody waits for, and how it waits for its children when it stops. */
import { fromPromise } from 'xstate';
import { expect, test } from 'vitest';
import { flowMachine } from '../../machines/flow/flow.ts';
import { done, failed, playEvents } from '../../src/testing/play.ts';
import { fault } from './effectResults.ts';

const machine = flowMachine.provide({ actors: { 'child.part': fromPromise(() => Promise.resolve(null)) } as never });
const child = { kind: 'child', call: 'part', source: 'child.part', input: { input: null } };
const asked = done('body', { status: 'open', requests: [child], busy: false });

test.each([
  ['ended', done('call.9', { status: 'completed', output: 1 })],
  ['failed', failed('call.9', fault('internal'))],
])('the end of a request that nobody waits for is passed over: it %s', (_, event) => {
  const before = playEvents(machine, { input: null }, []);
  const after = playEvents(machine, { input: null }, [event]);
  expect(after.snapshot.value).toEqual(before.snapshot.value);
  expect(after.snapshot.context).toMatchObject({ arrivals: 0, open: {} });
});

test('a flow that is cancelled ends when its body and its children have', () => {
  const stopped = done('body', { status: 'stopped' });
  const cancel = { type: 'run.cancel', reason: 'enough' };
  const waiting = playEvents(machine, { input: null }, [asked, cancel, stopped]);
  expect(waiting.snapshot).toMatchObject({
    status: 'active',
    value: { active: { lifecycle: { stopping: 'children' } } },
  });
  const ended = playEvents(machine, { input: null }, [
    asked,
    cancel,
    stopped,
    done('call.0', { status: 'cancelled', reason: 'enough' }),
  ]);
  expect(ended.snapshot).toMatchObject({ status: 'done', output: { status: 'cancelled', reason: 'enough' } });
});
