/** What a flow does with ends that nobody waits for, and how it waits for its children when it stops. */
import { fromPromise, type EventObject } from 'xstate';
import { expect, test } from 'vitest';
import { flowMachine } from '../../machines/flow/flow.ts';
import type { FlowChildKind } from '../../src/contracts/flow/child.ts';
import { childOutcome } from '../../machines/flow/children.ts';
import { done, failed } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';
import { fault } from './effectResults.ts';

const machine = flowMachine.provide({ actors: { 'child.part': fromPromise(() => Promise.resolve(null)) } as never });
const childOf = (child: FlowChildKind) => ({
  kind: 'child',
  call: 'part',
  source: 'child.part',
  child,
  input: { input: null },
});
const asks = (child: FlowChildKind) => done('body', { status: 'open', requests: [childOf(child)], busy: false });
const asked = asks('flow');

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

/** A message to a child. */
interface Sent {
  readonly event: EventObject;
}

const kinds: readonly (readonly [FlowChildKind, prefix: string])[] = [
  ['agent', 'agent'],
  ['flow', 'run'],
  ['guarded', 'work'],
  ['orchestrator', 'orchestra'],
  ['team', 'run'],
  ['workflow', 'run'],
];

test.each(kinds)(
  'a child of the kind %s is paused, resumed and cancelled by its own commands, %s.…',
  (kind, prefix) => {
    const told = (...events: readonly (EventObject & { readonly reason?: string })[]) => {
      const { actions } = playEvents(machine, { input: null }, [asks(kind), ...events]);
      return actions.flatMap(({ type, params }) => (type === 'xstate.sendTo' ? [(params as Sent).event.type] : []));
    };
    expect(told({ type: 'run.pause' }, { type: 'run.resume' })).toEqual([`${prefix}.pause`, `${prefix}.resume`]);
    expect(told({ type: 'run.cancel', reason: 'enough' })).toEqual([`${prefix}.cancel`]);
  },
);

test('a machine of the user has no commands: it is not told of a pause, and is stopped by a cancel', () => {
  const paused = playEvents(machine, { input: null }, [asks('machine'), { type: 'run.pause' }, { type: 'run.resume' }]);
  expect(paused.snapshot.context).toMatchObject({ open: { 'call.0': { child: 'machine' } } });
  const cancel = { type: 'run.cancel', reason: 'enough' };
  const ended = playEvents(machine, { input: null }, [asks('machine'), cancel, done('body', { status: 'stopped' })]);
  expect(ended.snapshot).toMatchObject({ status: 'done', output: { status: 'cancelled', reason: 'enough' } });
});

const usage = { steps: 1, inputTokens: 1, outputTokens: 1, cachedTokens: 0, toolCalls: 0, usd: null };
const answer = (type: string) => ({ status: 'completed', answer: { type, body: 'yes' }, usage });
const one = { id: 'a', output: 'yes' };

test.each<[FlowChildKind, end: unknown, output: unknown]>([
  ['machine', { status: 'failed', of: 'its own' }, { status: 'failed', of: 'its own' }],
  ['machine', undefined, null],
  ['agent', answer('text'), 'yes'],
  ['agent', answer('note'), { type: 'note', body: 'yes' }],
  ['guarded', answer('note'), { type: 'note', body: 'yes' }],
  ['guarded', { ...answer('note'), bare: true }, 'yes'],
  ['flow', { status: 'completed', output: 1 }, 1],
  ['team', { status: 'completed', result: { text: 'yes' }, usage }, { text: 'yes' }],
  ['workflow', { output: { status: 'complete', result: { n: 1 } } }, { n: 1 }],
  ['orchestrator', { status: 'completed', shape: 'one', results: [one] }, one],
  ['orchestrator', { status: 'completed', shape: 'one', results: [] }, null],
  ['orchestrator', { status: 'completed', shape: 'many', results: [one] }, [one]],
  [
    'orchestrator',
    { status: 'completed', shape: 'pipeline', results: [{ ...one, stepsUsed: 2, success: true }] },
    { taskResults: [{ ...one, stepsUsed: 2, success: true }], finalOutput: 'yes', totalSteps: 2, success: true },
  ],
])('a child of the kind %s that has ended with %o gives its result', (kind, end, output) => {
  expect(childOutcome(kind, end)).toEqual({ ok: true, output });
});

test.each(kinds)('a child of the kind %s that has failed or was cancelled fails its call', (kind) => {
  const wrapped = (end: object) => (kind === 'workflow' ? { output: end } : end);
  const failure = fault('tool');
  expect(childOutcome(kind, wrapped({ status: 'failed', failure }))).toEqual({ ok: false, failure });
  expect(childOutcome(kind, wrapped({ status: 'cancelled', reason: 'enough' }))).toMatchObject({
    ok: false,
    failure: { kind: 'cancelled', message: 'It was stopped: enough' },
  });
});

test('when its grace period is over a flow leaves the children that have not ended, but for those that are flows', () => {
  const events = [{ type: 'run.cancel', reason: 'enough' }, done('body', { status: 'stopped' })];
  const grace = { type: 'xstate.after.grace.stopping' };
  const left = playEvents(machine, { input: null }, [asks('agent'), ...events, grace]);
  expect(left.snapshot).toMatchObject({ status: 'done', output: { status: 'cancelled', reason: 'enough' } });
  const waiting = playEvents(machine, { input: null }, [asked, ...events, grace]);
  expect(waiting.snapshot).toMatchObject({ status: 'active', context: { open: { 'call.0': { child: 'flow' } } } });
});
