import { describe, expect, test } from 'vitest';
import { toolCallMachine } from '../../machines/toolCall.ts';
import { done, failed, startedActors, playEvents } from '../../src/testing/play.ts';
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

test('runs at once when nobody need be asked', () => {
  expect(outcome(false, done('tool', { content: 'sent' }))).toEqual({ ok: true, content: 'sent' });
});

test('asks about exactly this call, and runs nothing before it is allowed', () => {
  const played = story(true);
  expect(startedActors(played)).toMatchObject([
    { src: 'wait', input: { subject: { tool: 'send', input: { to: 'ada' }, hash: 'h1' }, deadline: 5_000 } },
  ]);
  expect(runs(story(true, approved))).toBe(1);
});

test.each([
  [
    'somebody says no',
    done('approval', { status: 'answered', answer: { approved: false, note: 'not on a Sunday' }, by: 'ada' }),
    'Denied by ada: not on a Sunday',
  ],
  [
    'nobody answers',
    done('approval', { status: 'expired', answer: { approved: false, note: 'Nobody answered in time.' } }),
    'Denied by the deadline: Nobody answered in time.',
  ],
  [
    'the question is withdrawn',
    done('approval', { status: 'aborted', reason: 'over', by: 'bob' }),
    'bob withdrew the question: over',
  ],
])('when %s, nothing runs and the model is told', (_, event, content) => {
  const played = story(true, event);
  expect(runs(played)).toBe(0);
  expect(played.snapshot.output).toMatchObject({ ok: false, content, failure: { kind: 'denied' } });
});

test('a tool that failed is an outcome', () => {
  expect(outcome(false, failed('tool', fault('invalid')))).toMatchObject({ ok: false, failure: { kind: 'invalid' } });
});

test('a write that may have happened is looked up, never blindly repeated', () => {
  expect(runs(story(false, unsure))).toBe(1);
  expect(outcome(false, unsure, done('reconcile', { done: true, content: 'sent' }))).toEqual({
    ok: true,
    content: 'sent',
  });
  expect(runs(story(false, unsure, done('reconcile', { done: false })))).toBe(2);
});

test('when it cannot be looked up, a person says whether it happened', () => {
  const asked = [unsure, done('reconcile', {})];
  expect(startedActors(story(false, ...asked)).at(-1)).toMatchObject({
    src: 'wait',
    id: 'testimony',
    input: { onExpiry: 'fail' },
  });
  const said = (happened: boolean) => done('testimony', { status: 'answered', answer: { happened }, by: 'ada' });
  expect(outcome(false, ...asked, said(true))).toMatchObject({ ok: true });
  expect(runs(story(false, ...asked, said(false)))).toBe(2);
  expect(outcome(false, ...asked, done('testimony', { status: 'expired' }))).toMatchObject({
    ok: false,
    failure: { kind: 'uncertain' },
  });
});

test('what was confirmed not to have happened three times is not tried a fourth', () => {
  const again = [unsure, done('reconcile', { done: false })];
  const played = story(false, ...again, ...again, unsure, done('reconcile', { done: false }));
  expect(runs(played)).toBe(3);
  expect(played.snapshot.value).toBe('asking');
});

describe('when its agent is interrupted', () => {
  const interrupt = { type: 'call.interrupt' };

  test('a call that waits for a person is not made any more', () => {
    const played = story(true, interrupt);
    expect(played.snapshot.output).toMatchObject({ ok: false, failure: { kind: 'denied' } });
    expect(runs(played)).toBe(0);
  });

  test('a write that has begun is finished, and its answer counts', () => {
    expect(outcome(false, interrupt)).toBeUndefined();
    expect(outcome(false, interrupt, done('tool', { content: 'sent' }))).toEqual({ ok: true, content: 'sent' });
    expect(outcome(false, unsure, interrupt, done('reconcile', { done: false }))).toBeUndefined();
  });

  test('a read that somebody had allowed is stopped', () => {
    const reading = { call: { ...call, effect: 'read' }, ask: true, patience: 5_000 };
    const played = playEvents(toolCallMachine, reading, [approved, interrupt]);
    expect(played.snapshot.output).toMatchObject({ ok: false, content: expect.stringContaining('stopped') as string });
  });
});
