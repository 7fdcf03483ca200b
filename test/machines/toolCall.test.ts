import { describe, expect, test } from 'vitest';
import { toolCallMachine } from '../../machines/toolCall/toolCall.ts';
import { done, failed, startedActors } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';
import { fault } from './effectResults.ts';

const call = {
  id: 'c1',
  name: 'send',
  input: { to: 'ada' },
  hash: 'h1',
  effect: 'write',
  idempotent: false,
  belt: false,
};
const story = (ask: boolean, ...events: { type: string }[]) =>
  playEvents(toolCallMachine, { call, ask, patience: 5_000 }, events);
const outcome = (ask: boolean, ...events: { type: string }[]) => story(ask, ...events).snapshot.output as unknown;
const runs = (played: ReturnType<typeof story>) => startedActors(played).filter(({ src }) => src === 'runTool').length;

const approved = done('approval', { status: 'answered', answer: { approved: true }, by: 'ada' });
const unsure = failed('tool', fault('uncertain'));

test('runs at once when no approval is needed', () => {
  expect(outcome(false, done('tool', { content: 'sent' }))).toEqual({ ok: true, content: 'sent' });
});

test('asks for approval of exactly this call, and runs nothing before', () => {
  const played = story(true);
  expect(startedActors(played)).toMatchObject([
    { src: 'wait', input: { subject: { tool: 'send', input: { to: 'ada' }, hash: 'h1' }, deadline: 5_000 } },
  ]);
  expect(runs(story(true, approved))).toBe(1);
});

test.each([
  [
    'the approval is denied',
    done('approval', { status: 'answered', answer: { approved: false, note: 'not on a Sunday' }, by: 'ada' }),
    'Denied by ada: not on a Sunday',
  ],
  [
    'the ticket expires',
    done('approval', { status: 'expired', answer: { approved: false, note: 'Nobody answered in time.' } }),
    'Denied by the deadline: Nobody answered in time.',
  ],
  [
    'the ticket is cancelled',
    done('approval', { status: 'aborted', reason: 'over', by: 'bob' }),
    'bob withdrew the question: over',
  ],
])('when %s, nothing runs and the model gets the reason', (_, event, content) => {
  const played = story(true, event);
  expect(runs(played)).toBe(0);
  expect(played.snapshot.output).toMatchObject({ ok: false, content, failure: { kind: 'denied' } });
});

test('a failed tool is an outcome, not a failure of the call', () => {
  expect(outcome(false, failed('tool', fault('invalid')))).toMatchObject({ ok: false, failure: { kind: 'invalid' } });
});

test('an uncertain write is reconciled, never repeated blindly', () => {
  expect(runs(story(false, unsure))).toBe(1);
  expect(outcome(false, unsure, done('reconcile', { done: true, content: 'sent' }))).toEqual({
    ok: true,
    content: 'sent',
  });
  expect(runs(story(false, unsure, done('reconcile', { done: false })))).toBe(2);
});

test('an uncertain write that cannot be reconciled is decided by a person', () => {
  const asked = [unsure, done('reconcile', {})];
  expect(startedActors(story(false, ...asked)).at(-1)).toMatchObject({
    src: 'wait',
    id: 'testimony',
    input: { onExpiry: 'fail' },
  });
  const testimony = (happened: boolean) => done('testimony', { status: 'answered', answer: { happened }, by: 'ada' });
  expect(outcome(false, ...asked, testimony(true))).toMatchObject({ ok: true });
  expect(runs(story(false, ...asked, testimony(false)))).toBe(2);
  expect(outcome(false, ...asked, done('testimony', { status: 'expired' }))).toMatchObject({
    ok: false,
    failure: { kind: 'uncertain' },
  });
});

test('a write that was confirmed three times not to have happened is not tried a fourth time', () => {
  const again = [unsure, done('reconcile', { done: false })];
  const played = story(false, ...again, ...again, unsure, done('reconcile', { done: false }));
  expect(runs(played)).toBe(3);
  expect(played.snapshot.value).toBe('asking');
});

describe('when the agent is interrupted', () => {
  const interrupt = { type: 'call.interrupt' };

  test('a call that waits for approval is not made any more', () => {
    const played = story(true, interrupt);
    expect(played.snapshot.output).toMatchObject({ ok: false, failure: { kind: 'denied' } });
    expect(runs(played)).toBe(0);
  });

  test('a write that has started is finished, and its result counts', () => {
    expect(outcome(false, interrupt)).toBeUndefined();
    expect(outcome(false, interrupt, done('tool', { content: 'sent' }))).toEqual({ ok: true, content: 'sent' });
    expect(outcome(false, unsure, interrupt, done('reconcile', { done: false }))).toBeUndefined();
  });

  test('a read that a person had approved is stopped', () => {
    const reading = { call: { ...call, effect: 'read' }, ask: true, patience: 5_000 };
    const played = playEvents(toolCallMachine, reading, [approved, interrupt]);
    expect(played.snapshot.output).toMatchObject({ ok: false, content: expect.stringContaining('stopped') as string });
  });
});
