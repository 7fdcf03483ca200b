/** A guardrail that has decided to stop a piece of work does not decide again. */
import { expect, test } from 'vitest';
import { fromPromise, type AnyEventObject } from 'xstate';
import { guardrailWith } from '../../machines/guardrail/guardrail.ts';
import { defaultGuardrailSettings } from '../../machines/guardrail/settings.ts';
import { done } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';
import { used } from './effectResults.ts';

const machine = guardrailWith({
  ...defaultGuardrailSettings,
  supervised: { clerk: 'agent' },
  rule: { kind: 'timeout', max: 1_000, requireExplicit: false },
}).provide({ actors: { clerk: fromPromise(() => Promise.resolve(null)) } as never });

const work = { type: 'work', id: 'a', message: { type: 'task', body: 'Go.' }, attempt: 1, facts: {} };
const cancel = (reason: string) => ({ type: 'work.cancel', id: 'a', reason });
const late = { type: 'work.late', place: 0 };
const graceOver = { type: 'grace.over', place: 0 };
const completed = done('task.0', {
  status: 'completed',
  answer: { type: 'text', body: 'Done.' },
  evidence: [],
  usage: used,
});
const cancelled = done('task.0', { status: 'cancelled', reason: 'told to stop', usage: used });

/** The outputs with which the work was answered. */
const answersTo = (...events: AnyEventObject[]) =>
  playEvents(machine, { standing: true }, [work, ...events])
    .actions.filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => (params as { event: { type: string; output?: object } }).event)
    .filter(({ type }) => type === 'work.done')
    .map(({ output }) => output);

test('the first decision to stop work stands, whatever is decided or answered while it stops', () => {
  const timedOut = { status: 'failed', failure: { data: { stage: 'mid', refusedBy: 'guardrail' } } };
  expect(answersTo(late, cancel('too late'), cancelled)).toMatchObject([timedOut]);
  expect(answersTo(late, cancel('too late'), graceOver)).toMatchObject([timedOut]);
  expect(answersTo(late, completed)).toMatchObject([timedOut]);
  expect(answersTo(late, { type: 'guardrail.stop', reason: 'over' })).toMatchObject([timedOut]);
  expect(answersTo(cancel('enough'), late, cancelled)).toMatchObject([{ status: 'cancelled' }]);
  expect(answersTo(cancel('enough'), late, graceOver)).toMatchObject([{ status: 'cancelled', reason: 'enough' }]);
});
