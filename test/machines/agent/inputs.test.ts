/** Input that comes while an agent is at work, for every value of `onInput` in its definition. */
import { describe, expect, test } from 'vitest';
import type { PlayedAction } from '../../../src/testing/play.ts';
import type { InputPolicy } from '../../../src/contracts/input.ts';
import { after, done, startedActors } from '../../../src/testing/play.ts';
import { answers, call, calls, modelFails, toolReturns, usage } from '../effectResults.ts';
import { startCount, outputOf, stateOf, stepwise, transcript, unanswered } from './story.ts';

const input = (text: string) => ({ type: 'agent.input', text });
const withInput = (onInput: InputPolicy, change = {}) => stepwise({ onInput, ...change });
const notes = (played: Parameters<typeof transcript>[0]) =>
  transcript(played).flatMap((message) => (message.role === 'user' ? [message.text] : []));
const deadLettersOf = ({ actions }: { actions: readonly PlayedAction[] }) =>
  actions.filter(({ type }) => type === 'bury').map(({ params }) => params as { message: { body: { text: string } } });
const stopped = ({ actions }: { actions: readonly PlayedAction[] }) =>
  actions.flatMap(({ type, params }) => (type === 'xstate.stopChild' ? [(params as { id: string }).id] : []));

test('merge: all inputs become one message before the next turn', () => {
  const agent = withInput('merge');
  agent.send(input('In French.'), input('And short.'), answers('Hello, dear reader.'));
  expect(notes(agent.played).slice(1)).toEqual(['In French.\n\nAnd short.']);
  expect(stateOf(agent.send(answers('Bonjour.')))).toBe('completed');
});

test('queue: one input before each turn, in order, and no answer counts before the last one was read', () => {
  const agent = withInput('queue');
  agent.send(input('First.'), input('Second.'), input('Third.'));
  agent.send(answers('a'));
  expect(notes(agent.played).slice(1)).toEqual(['First.']);
  agent.send(answers('b'));
  expect(notes(agent.played).slice(1)).toEqual(['First.', 'Second.']);
  agent.send(answers('c'));
  expect(stateOf(agent.send(answers('d')))).toBe('completed');
  expect(notes(agent.played).slice(1)).toEqual(['First.', 'Second.', 'Third.']);
});

test('latest: only the newest input is read; the replaced ones are dead letters with the reason', () => {
  const agent = withInput('latest');
  agent.send(input('In French.'), input('No, in German.'), input('No, in Welsh.'), answers('Hello.'));
  expect(notes(agent.played).slice(1)).toEqual(['No, in Welsh.']);
  expect(deadLettersOf(agent.played)).toMatchObject([
    { message: { body: { text: 'In French.' } }, failure: { kind: 'conflict', data: { onInput: 'latest' } } },
    { message: { body: { text: 'No, in German.' } } },
  ]);
});

test('latest: a note of the agent to itself is not replaced by input', () => {
  const agent = withInput('latest', { budget: { steps: 5 }, limits: { softShare: 0.2 } });
  agent.send(answers('Hello.'));
  expect(outputOf(agent.played)).toMatchObject({ status: 'completed' });
  const busy = withInput('latest', { budget: { steps: 5 }, limits: { softShare: 0.2 } });
  busy.send(calls(call('read')), input('Also this.'), toolReturns(0));
  expect(notes(busy.played).slice(1)).toEqual([expect.stringContaining('Finish'), 'Also this.']);
});

test('reject: no input is read and nothing changes; the input is a dead letter with the reason', () => {
  const agent = withInput('reject');
  agent.send(input('In French.'));
  expect(deadLettersOf(agent.played)).toMatchObject([{ failure: { kind: 'conflict', data: { onInput: 'reject' } } }]);
  expect(stateOf(agent.send(answers('Hello.')))).toBe('completed');
  expect(notes(agent.played)).toHaveLength(1);
});

describe('interrupt:', () => {
  test('the model call is stopped, and the next turn begins with the input', () => {
    const agent = withInput('interrupt');
    agent.send(input('In French.'));
    expect(stopped(agent.played)).toEqual(['callModel']);
    expect(startCount(agent.played, 'callModel')).toBe(2);
    expect(notes(agent.played).at(-1)).toBe('In French.');
    expect(agent.played.snapshot.context).toMatchObject({ used: { steps: 1 } });
  });

  test('a stopped model call costs what was reserved for it, so that interruptions are bounded', () => {
    const agent = withInput('interrupt', { budget: { steps: 9, tokens: 100 } });
    agent.send(calls(call('read')), toolReturns(0), ...Array.from({ length: 9 }, (_, n) => input(`note ${n}`)));
    expect(outputOf(agent.played)).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect(startCount(agent.played, 'callModel')).toBeLessThan(9);
    expect(deadLettersOf(agent.played).length + notes(agent.played).length).toBeGreaterThan(3);
  });

  test('reads are stopped and get a result, and a write under way is finished first', () => {
    const agent = withInput('interrupt');
    agent.send(calls(call('read'), call('send', { how: 'write' }), call('list')), toolReturns(2));
    agent.send(input('Stop that.'));
    expect(stopped(agent.played)).toContain('call.0');
    expect(stopped(agent.played)).not.toContain('call.1');
    expect(stateOf(agent.played)).toBe('working.execution.acting');
    agent.send(input('And that.'), done('call.1', { ok: true, content: 'sent' }));
    expect(stateOf(agent.played)).toBe('working.execution.thinking');
    expect(notes(agent.played).at(-1)).toBe('Stop that.\n\nAnd that.');
    expect(unanswered(transcript(agent.played))).toEqual([]);
    expect(JSON.stringify(transcript(agent.played))).toContain('sent');
  });

  test('when only reads are under way, the next turn begins at once', () => {
    const agent = withInput('interrupt');
    agent.send(calls(call('read'), call('list')), toolReturns(1), input('Stop that.'));
    expect(stateOf(agent.played)).toBe('working.execution.thinking');
    expect(unanswered(transcript(agent.played))).toEqual([]);
  });

  test('a plan is made again with the input', () => {
    const agent = withInput('interrupt', { planning: true });
    agent.send(input('Without the mail.'));
    expect(startCount(agent.played, 'plan')).toBe(2);
    expect(notes(agent.played).at(-1)).toBe('Without the mail.');
  });

  test('the pause after a failure is kept', () => {
    const agent = withInput('interrupt');
    agent.send(modelFails(), input('Hurry.'));
    expect(stateOf(agent.played)).toBe('errorHandling.retry');
    agent.send(after('backoff', 'agent.active.lifecycle.errorHandling.retry'));
    expect(notes(agent.played).at(-1)).toBe('Hurry.');
  });

  test('a pause still holds: the turn is stopped, and the input waits', () => {
    const agent = withInput('interrupt');
    agent.send({ type: 'agent.pause' }, input('Think again.'));
    expect(stateOf(agent.played)).toBe('working.execution.holding');
    agent.send(input('And again.'), { type: 'agent.resume' });
    expect(notes(agent.played).at(-1)).toBe('Think again.\n\nAnd again.');
  });
});

test('an answer under verification does not count before the input that came meanwhile is read', () => {
  const proof = done('verify', { evidence: [{ objective: 'o', met: true, says: 'yes' }] });
  const agent = withInput('merge', { verification: true });
  agent.send(answers('Hello.'), input('In French.'), proof);
  expect(stateOf(agent.played)).toBe('working.execution.thinking');
  agent.send(answers('Bonjour.'), proof);
  expect(outputOf(agent.played)).toMatchObject({ status: 'completed', answer: { body: 'Bonjour.' } });
  const eager = withInput('interrupt', { verification: true });
  eager.send(answers('Hello.'), input('In French.'));
  expect(startedActors(eager.played).at(-1)).toMatchObject({ src: 'callModel' });
});

test('input that an agent has not read at its end is a dead letter with the reason', () => {
  const agent = withInput('queue');
  agent.send(input('One.'), input('Two.'), { type: 'agent.cancel', reason: 'enough' });
  expect(deadLettersOf(agent.played).map(({ message }) => message.body.text)).toEqual(['One.', 'Two.']);
});

test('a stopped model call counts as usage also when its price is unknown', () => {
  const agent = withInput('interrupt');
  agent.send(calls(call('read')), toolReturns(0), input('Hm.'));
  const { used } = agent.played.snapshot.context as { used: { usd: number; inputTokens: number } };
  expect(used).toMatchObject({ inputTokens: 10 + usage().inputTokens + usage().outputTokens, usd: 0.002 });
});

test.each([
  ['requirements', 'working.requirements.analyzing'],
  ['planning', 'working.planning.drafting'],
] as const)('merge: input during %s interrupts nothing, and is read afterwards', (phase, where) => {
  const agent = withInput('merge', phase === 'planning' ? { planning: true } : { analysis: true });
  expect(stateOf(agent.send(input('In French.')))).toBe(where);
  expect(stopped(agent.played)).toEqual([]);
  expect(startCount(agent.played, phase === 'planning' ? 'plan' : 'analyze')).toBe(1);
});
