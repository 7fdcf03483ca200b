import { expect, test } from 'vitest';
import { after, startedActors } from '../../../src/testing/play.ts';
import {
  answers,
  toolFails,
  call,
  calls,
  modelFails,
  unusableAnswer,
  refusalAnswer,
  toolReturns,
  withText,
} from '../effectResults.ts';
import { startCount, outputOf, phasesOf, stateOf, story, stepwise, transcript, unanswered } from './story.ts';

const backoff = after('backoff', 'agent.active.lifecycle.errorHandling.retry');

test('a simple task goes through every phase and costs one model call', () => {
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
  expect(startCount(played, 'callModel')).toBe(1);
});

test('the calls of one turn run in parallel, and their results are in the order of the calls', () => {
  const agent = stepwise();
  agent.send(calls(call('read'), call('list'), call('stat')));
  expect(startedActors(agent.played).map(({ id }) => id)).toEqual(['callModel', 'call.0', 'call.1', 'call.2']);
  agent.send(toolReturns(2, 'third'), toolReturns(0, 'first'));
  expect(stateOf(agent.played)).toBe('working.execution.acting');
  agent.send(toolReturns(1, 'second'));
  const last = transcript(agent.played).at(-1)!;
  expect(last.role === 'tool' && last.results.map(({ content }) => content)).toEqual(['first', 'second', 'third']);
  expect(stateOf(agent.played)).toBe('working.execution.thinking');
});

test('a finished turn leaves no results or children in the snapshot', () => {
  const { snapshot } = story({}, calls(call('read'), call('list')), toolReturns(0, 'x'.repeat(5_000)), toolReturns(1));
  expect(Object.keys(snapshot.children)).toEqual(['callModel']);
  expect(JSON.stringify(snapshot.context)).not.toContain('xxxx');
});

test('a write, or a call that needs approval, becomes an actor of its own', () => {
  const played = story({}, calls(call('read'), call('send', { how: 'write' }), call('look', { how: 'ask' })));
  expect(
    startedActors(played)
      .slice(1)
      .map(({ src }) => src),
  ).toEqual(['runTool', 'toolCall', 'toolCall']);
});

test('a call of an unknown tool runs nothing; the model gets an error', () => {
  const played = story({}, calls(call('raed', { how: 'refused' })));
  expect(startCount(played, 'runTool')).toBe(0);
  expect(transcript(played).at(-1)).toMatchObject({
    role: 'tool',
    results: [{ ok: false, content: 'there is no tool "raed"' }],
  });
  expect(stateOf(played)).toBe('working.execution.thinking');
});

test('a failing tool gives the model an error, and does not end the task', () => {
  const played = story({}, calls(call('read')), toolFails(0, 'tool'));
  expect(transcript(played).at(-1)).toMatchObject({ role: 'tool', results: [{ ok: false, content: 'tool trouble' }] });
  expect(stateOf(played)).toBe('working.execution.thinking');
});

test('text that claims the task is done ends nothing, in a tool result or beside a call', () => {
  const played = story(
    {},
    withText('task complete. submit. exit', calls(call('read'))),
    toolReturns(0, 'task complete; submit'),
  );
  expect(stateOf(played)).toBe('working.execution.thinking');
});

test('an unusable answer is requested again, with the problem, three times', () => {
  const played = story({}, unusableAnswer('it is empty.'));
  expect(transcript(played).at(-1)).toEqual({ role: 'user', text: 'Your last answer cannot be used: it is empty.' });
  const agent = stepwise();
  agent.send(unusableAnswer(), unusableAnswer(), unusableAnswer(), unusableAnswer('it is empty again.'));
  expect(outputOf(agent.played)).toBeUndefined();
  expect(stateOf(agent.played)).toBe('errorHandling.fallback');
});

test('a usable answer in between gives the model its three attempts again', () => {
  const agent = stepwise();
  for (let i = 0; i < 3; i++)
    agent.send(unusableAnswer(), unusableAnswer(), unusableAnswer(), calls(call('read', { input: i })), toolReturns(0));
  expect(stateOf(agent.played)).toBe('working.execution.thinking');
});

test('a refusal is a failure of the model, never an answer', () => {
  const played = story({ limits: { maxRetries: 0, maxFallbacks: 0 } }, refusalAnswer());
  expect(outputOf(played)).toMatchObject({ status: 'failed', failure: { kind: 'model' }, phase: 'execution' });
});

test('a model that refuses is tried twice more, and then the fallback is used', () => {
  const agent = stepwise();
  agent.send(refusalAnswer(), backoff, refusalAnswer(), backoff);
  expect(stateOf(agent.send(refusalAnswer()))).toBe('errorHandling.fallback');
});

test('input that comes during a model call is read before its answer counts', () => {
  const agent = stepwise();
  agent.send({ type: 'agent.input', text: 'In French, please.' }, answers('Hello.'));
  expect(stateOf(agent.played)).toBe('working.execution.thinking');
  expect(transcript(agent.played).at(-1)).toEqual({ role: 'user', text: 'In French, please.' });
  expect(stateOf(agent.send(answers('Bonjour.')))).toBe('completed');
});

test.each([
  ['a model call is under way', []],
  ['a failure is handled', [modelFails()]],
])('a hundred inputs may wait while %s; one more is refused', (_, before) => {
  const note = (index: number) => ({ type: 'agent.input', text: `note ${index}` });
  const agent = stepwise();
  agent.send(...before, ...Array.from({ length: 101 }, (_, index) => note(index)));
  const { inbox } = agent.played.snapshot.context as { inbox: readonly { text: string }[] };
  expect(inbox).toHaveLength(100);
  expect(inbox.at(-1)!.text).toBe('note 99');
  expect(agent.played.actions.filter(({ type }) => type === 'bury').map(({ params }) => params)).toMatchObject([
    { message: { body: { text: 'note 100' } }, failure: { kind: 'mailbox_full', retryable: true } },
  ]);
});

test('the same call repeated is a loop: the model is asked for another approach', () => {
  const agent = stepwise({ budget: { steps: 50 } });
  for (let i = 0; i < 5; i++) agent.send(calls(call('poll')), toolReturns(0, 'nothing new'));
  expect(transcript(agent.played).at(-1)).toMatchObject({
    role: 'user',
    text: expect.stringContaining('another way') as string,
  });
  expect(phasesOf(agent.played).slice(-3)).toEqual(['errorHandling', 'planning', 'execution']);
  expect(unanswered(transcript(agent.played))).toEqual([]);
});

test('a second task starts from empty context', () => {
  const first = story({}, calls(call('read')), toolReturns(0), answers('a'));
  const second = story({}, answers('b'));
  expect(outputOf(first)?.usage.steps).toBe(2);
  expect(outputOf(second)).toMatchObject({ usage: { steps: 1, toolCalls: 0 } });
});
