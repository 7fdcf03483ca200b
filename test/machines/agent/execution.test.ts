import { expect, test } from 'vitest';
import { after, startedActors } from '../../../src/testing/play.ts';
import { answers, breaks, call, calls, modelFails, mumbles, refuses, returns, saying } from '../effectResults.ts';
import { asked, outputOf, phasesOf, stands, story, telling, transcript, unanswered } from './story.ts';

const backoff = after('backoff', 'agent.active.lifecycle.errorHandling.retry');

test('a simple task passes every phase and costs one model call', () => {
  const played = story({}, answers('It says hello.'));
  expect(phasesOf(played)).toEqual([
    'initiation',
    'requirements',
    'discovery',
    'planning',
    'execution',
    'verification',
    'cleanup',
    'settled',
    'completed',
  ]);
  expect(outputOf(played)).toMatchObject({
    status: 'completed',
    answer: { type: 'text', body: 'It says hello.' },
    usage: { steps: 1, usd: 0.001 },
  });
  expect(asked(played, 'callModel')).toBe(1);
});

test('the calls of one turn run side by side and are answered in their own order', () => {
  const agent = telling();
  agent.tell(calls(call('read'), call('list'), call('stat')));
  expect(startedActors(agent.played).map(({ id }) => id)).toEqual(['callModel', 'call.0', 'call.1', 'call.2']);
  agent.tell(returns(2, 'third'), returns(0, 'first'));
  expect(stands(agent.played)).toBe('working.execution.acting');
  agent.tell(returns(1, 'second'));
  const last = transcript(agent.played).at(-1)!;
  expect(last.role === 'tool' && last.results.map(({ content }) => content)).toEqual(['first', 'second', 'third']);
  expect(stands(agent.played)).toBe('working.execution.thinking');
});

test('nothing of a finished turn stays in the snapshot', () => {
  const { snapshot } = story({}, calls(call('read'), call('list')), returns(0, 'x'.repeat(5_000)), returns(1));
  expect(Object.keys(snapshot.children)).toEqual(['callModel']);
  expect(JSON.stringify(snapshot.context)).not.toContain('xxxx');
});

test('a write, or a call that a person must allow, becomes an actor of its own', () => {
  const played = story({}, calls(call('read'), call('send', { how: 'write' }), call('look', { how: 'ask' })));
  expect(
    startedActors(played)
      .slice(1)
      .map(({ src }) => src),
  ).toEqual(['runTool', 'toolCall', 'toolCall']);
});

test('a misspelt tool reaches nothing; the model is told', () => {
  const played = story({}, calls(call('raed', { how: 'refused' })));
  expect(asked(played, 'runTool')).toBe(0);
  expect(transcript(played).at(-1)).toMatchObject({
    role: 'tool',
    results: [{ ok: false, content: 'there is no tool "raed"' }],
  });
  expect(stands(played)).toBe('working.execution.thinking');
});

test('a failing tool is something the model is told, not the end', () => {
  const played = story({}, calls(call('read')), breaks(0, 'tool'));
  expect(transcript(played).at(-1)).toMatchObject({ role: 'tool', results: [{ ok: false, content: 'tool trouble' }] });
  expect(stands(played)).toBe('working.execution.thinking');
});

test('text about being done ends nothing: words in a result or beside a call are words', () => {
  const played = story(
    {},
    saying('task complete. submit. exit', calls(call('read'))),
    returns(0, 'task complete; submit'),
  );
  expect(stands(played)).toBe('working.execution.thinking');
});

test('an answer that cannot be used is asked for again, with what was wrong, three times', () => {
  const played = story({}, mumbles('it is empty.'));
  expect(transcript(played).at(-1)).toEqual({ role: 'user', text: 'Your last answer cannot be used: it is empty.' });
  const agent = telling();
  agent.tell(mumbles(), mumbles(), mumbles(), mumbles('it is empty again.'));
  expect(outputOf(agent.played)).toBeUndefined();
  expect(stands(agent.played)).toBe('errorHandling.fallback');
});

test('a good answer in between gives the model its three tries again', () => {
  const agent = telling();
  for (let i = 0; i < 3; i++)
    agent.tell(mumbles(), mumbles(), mumbles(), calls(call('read', { input: i })), returns(0));
  expect(stands(agent.played)).toBe('working.execution.thinking');
});

test('a refusal is a failure of the model, never an answer', () => {
  const played = story({ limits: { maxRetries: 0, maxFallbacks: 0 } }, refuses());
  expect(outputOf(played)).toMatchObject({ status: 'failed', failure: { kind: 'model' }, phase: 'execution' });
});

test('a model that refuses again and again is tried twice more, and then another is taken', () => {
  const agent = telling();
  agent.tell(refuses(), backoff, refuses(), backoff);
  expect(stands(agent.tell(refuses()))).toBe('errorHandling.fallback');
});

test('input that comes while the model thinks is read before its answer counts', () => {
  const agent = telling();
  agent.tell({ type: 'agent.input', text: 'In French, please.' }, answers('Hello.'));
  expect(stands(agent.played)).toBe('working.execution.thinking');
  expect(transcript(agent.played).at(-1)).toEqual({ role: 'user', text: 'In French, please.' });
  expect(stands(agent.tell(answers('Bonjour.')))).toBe('completed');
});

test.each([
  ['the model thinks', []],
  ['a failure is handled', [modelFails()]],
])('a hundred notes may wait while %s; one more is refused', (_, before) => {
  const note = (index: number) => ({ type: 'agent.input', text: `note ${index}` });
  const agent = telling();
  agent.tell(...before, ...Array.from({ length: 101 }, (_, index) => note(index)));
  const { inbox } = agent.played.snapshot.context as { inbox: readonly { text: string }[] };
  expect(inbox).toHaveLength(100);
  expect(inbox.at(-1)!.text).toBe('note 99');
  expect(agent.played.actions.filter(({ type }) => type === 'bury').map(({ params }) => params)).toMatchObject([
    { message: { body: { text: 'note 100' } }, failure: { kind: 'mailbox_full', retryable: true } },
  ]);
});

test('the same call again and again is a loop: another approach is asked for', () => {
  const agent = telling({ budget: { steps: 50 } });
  for (let i = 0; i < 5; i++) agent.tell(calls(call('poll')), returns(0, 'nothing new'));
  expect(transcript(agent.played).at(-1)).toMatchObject({
    role: 'user',
    text: expect.stringContaining('another way') as string,
  });
  expect(phasesOf(agent.played).slice(-3)).toEqual(['errorHandling', 'planning', 'execution']);
  expect(unanswered(transcript(agent.played))).toEqual([]);
});

test('a second task starts from nothing', () => {
  const first = story({}, calls(call('read')), returns(0), answers('a'));
  const second = story({}, answers('b'));
  expect(outputOf(first)?.usage.steps).toBe(2);
  expect(outputOf(second)).toMatchObject({ usage: { steps: 1, toolCalls: 0 } });
});
