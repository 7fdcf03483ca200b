/** Input that comes while an agent is at work, for every value of `onInput` in its definition. */
import { describe, expect, test } from 'vitest';
import type { PlayedAction } from '../../../src/testing/play.ts';
import type { InputPolicy } from '../../../src/contracts/input.ts';
import { after, done, startedActors } from '../../../src/testing/play.ts';
import { answers, call, calls, modelFails, returns, usage } from '../effectResults.ts';
import { asked, outputOf, stands, telling, transcript, unanswered } from './story.ts';

const input = (text: string) => ({ type: 'agent.input', text });
const told = (onInput: InputPolicy, change = {}) => telling({ onInput, ...change });
const notes = (played: Parameters<typeof transcript>[0]) =>
  transcript(played).flatMap((message) => (message.role === 'user' ? [message.text] : []));
const buried = ({ actions }: { actions: readonly PlayedAction[] }) =>
  actions.filter(({ type }) => type === 'bury').map(({ params }) => params as { message: { body: { text: string } } });
const stopped = ({ actions }: { actions: readonly PlayedAction[] }) =>
  actions.flatMap(({ type, params }) => (type === 'xstate.stopChild' ? [(params as { id: string }).id] : []));

test('merge: all inputs become one message before the next turn', () => {
  const agent = told('merge');
  agent.tell(input('In French.'), input('And short.'), answers('Hello, dear reader.'));
  expect(notes(agent.played).slice(1)).toEqual(['In French.\n\nAnd short.']);
  expect(stands(agent.tell(answers('Bonjour.')))).toBe('completed');
});

test('queue: one input before each turn, in order, and no answer counts before the last one was read', () => {
  const agent = told('queue');
  agent.tell(input('First.'), input('Second.'), input('Third.'));
  agent.tell(answers('a'));
  expect(notes(agent.played).slice(1)).toEqual(['First.']);
  agent.tell(answers('b'));
  expect(notes(agent.played).slice(1)).toEqual(['First.', 'Second.']);
  agent.tell(answers('c'));
  expect(stands(agent.tell(answers('d')))).toBe('completed');
  expect(notes(agent.played).slice(1)).toEqual(['First.', 'Second.', 'Third.']);
});

test('latest: only the newest input is read; the replaced ones are dead letters with the reason', () => {
  const agent = told('latest');
  agent.tell(input('In French.'), input('No, in German.'), input('No, in Welsh.'), answers('Hello.'));
  expect(notes(agent.played).slice(1)).toEqual(['No, in Welsh.']);
  expect(buried(agent.played)).toMatchObject([
    { message: { body: { text: 'In French.' } }, failure: { kind: 'conflict', data: { onInput: 'latest' } } },
    { message: { body: { text: 'No, in German.' } } },
  ]);
});

test('latest: a note of the agent to itself is not replaced by input', () => {
  const agent = told('latest', { budget: { steps: 5 }, limits: { softShare: 0.2 } });
  agent.tell(answers('Hello.'));
  expect(outputOf(agent.played)).toMatchObject({ status: 'completed' });
  const busy = told('latest', { budget: { steps: 5 }, limits: { softShare: 0.2 } });
  busy.tell(calls(call('read')), input('Also this.'), returns(0));
  expect(notes(busy.played).slice(1)).toEqual([expect.stringContaining('Finish'), 'Also this.']);
});

test('reject: no input is read and nothing changes; the input is a dead letter with the reason', () => {
  const agent = told('reject');
  agent.tell(input('In French.'));
  expect(buried(agent.played)).toMatchObject([{ failure: { kind: 'conflict', data: { onInput: 'reject' } } }]);
  expect(stands(agent.tell(answers('Hello.')))).toBe('completed');
  expect(notes(agent.played)).toHaveLength(1);
});

describe('interrupt:', () => {
  test('the model call is stopped, and the next turn begins with the input', () => {
    const agent = told('interrupt');
    agent.tell(input('In French.'));
    expect(stopped(agent.played)).toEqual(['callModel']);
    expect(asked(agent.played, 'callModel')).toBe(2);
    expect(notes(agent.played).at(-1)).toBe('In French.');
    expect(agent.played.snapshot.context).toMatchObject({ used: { steps: 1 } });
  });

  test('a stopped model call costs what was reserved for it, so that interruptions are bounded', () => {
    const agent = told('interrupt', { budget: { steps: 9, tokens: 100 } });
    agent.tell(calls(call('read')), returns(0), ...Array.from({ length: 9 }, (_, n) => input(`note ${n}`)));
    expect(outputOf(agent.played)).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect(asked(agent.played, 'callModel')).toBeLessThan(9);
    expect(buried(agent.played).length + notes(agent.played).length).toBeGreaterThan(3);
  });

  test('reads are stopped and get a result, and a write under way is finished first', () => {
    const agent = told('interrupt');
    agent.tell(calls(call('read'), call('send', { how: 'write' }), call('list')), returns(2));
    agent.tell(input('Stop that.'));
    expect(stopped(agent.played)).toContain('call.0');
    expect(stopped(agent.played)).not.toContain('call.1');
    expect(stands(agent.played)).toBe('working.execution.acting');
    agent.tell(input('And that.'), done('call.1', { ok: true, content: 'sent' }));
    expect(stands(agent.played)).toBe('working.execution.thinking');
    expect(notes(agent.played).at(-1)).toBe('Stop that.\n\nAnd that.');
    expect(unanswered(transcript(agent.played))).toEqual([]);
    expect(JSON.stringify(transcript(agent.played))).toContain('sent');
  });

  test('when only reads are under way, the next turn begins at once', () => {
    const agent = told('interrupt');
    agent.tell(calls(call('read'), call('list')), returns(1), input('Stop that.'));
    expect(stands(agent.played)).toBe('working.execution.thinking');
    expect(unanswered(transcript(agent.played))).toEqual([]);
  });

  test('a plan is made again with the input', () => {
    const agent = told('interrupt', { planning: true });
    agent.tell(input('Without the mail.'));
    expect(asked(agent.played, 'plan')).toBe(2);
    expect(notes(agent.played).at(-1)).toBe('Without the mail.');
  });

  test('the pause after a failure is kept', () => {
    const agent = told('interrupt');
    agent.tell(modelFails(), input('Hurry.'));
    expect(stands(agent.played)).toBe('errorHandling.retry');
    agent.tell(after('backoff', 'agent.active.lifecycle.errorHandling.retry'));
    expect(notes(agent.played).at(-1)).toBe('Hurry.');
  });

  test('a pause still holds: the turn is stopped, and the input waits', () => {
    const agent = told('interrupt');
    agent.tell({ type: 'agent.pause' }, input('Think again.'));
    expect(stands(agent.played)).toBe('working.execution.holding');
    agent.tell(input('And again.'), { type: 'agent.resume' });
    expect(notes(agent.played).at(-1)).toBe('Think again.\n\nAnd again.');
  });
});

test('an answer under verification does not count before the input that came meanwhile is read', () => {
  const proof = done('verify', { evidence: [{ objective: 'o', met: true, says: 'yes' }] });
  const agent = told('merge', { verification: true });
  agent.tell(answers('Hello.'), input('In French.'), proof);
  expect(stands(agent.played)).toBe('working.execution.thinking');
  agent.tell(answers('Bonjour.'), proof);
  expect(outputOf(agent.played)).toMatchObject({ status: 'completed', answer: { body: 'Bonjour.' } });
  const eager = told('interrupt', { verification: true });
  eager.tell(answers('Hello.'), input('In French.'));
  expect(startedActors(eager.played).at(-1)).toMatchObject({ src: 'callModel' });
});

test('input that an agent has not read at its end is a dead letter with the reason', () => {
  const agent = told('queue');
  agent.tell(input('One.'), input('Two.'), { type: 'agent.cancel', reason: 'enough' });
  expect(buried(agent.played).map(({ message }) => message.body.text)).toEqual(['One.', 'Two.']);
});

test('a stopped model call counts as usage also when its price is unknown', () => {
  const agent = told('interrupt');
  agent.tell(calls(call('read')), returns(0), input('Hm.'));
  const { used } = agent.played.snapshot.context as { used: { usd: number; inputTokens: number } };
  expect(used).toMatchObject({ inputTokens: 10 + usage().inputTokens + usage().outputTokens, usd: 0.002 });
});

test.each([
  ['requirements', 'working.requirements.analyzing'],
  ['planning', 'working.planning.drafting'],
] as const)('merge: input during %s interrupts nothing, and is read afterwards', (phase, where) => {
  const agent = told('merge', phase === 'planning' ? { planning: true } : { analysis: true });
  expect(stands(agent.tell(input('In French.')))).toBe(where);
  expect(stopped(agent.played)).toEqual([]);
  expect(asked(agent.played, phase === 'planning' ? 'plan' : 'analyze')).toBe(1);
});
