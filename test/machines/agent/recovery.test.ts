import { expect, test } from 'vitest';
import { after, done, failed, startedActors } from '../../../src/testing/play.ts';
import { withEventContext } from '../../../src/contracts/eventContext.ts';
import { answers, toolFails, call, calls, fault, modelFails, toolReturns, usage } from '../effectResults.ts';
import { startCount, outputOf, phasesOf, stateOf, story, stepwise, transcript, unanswered } from './story.ts';

const backoff = after('backoff', 'agent.active.lifecycle.errorHandling.retry');
const takeOver = done('fallback', { resource: 'the other model' });

test('a transient failure is retried in the phase where it happened', () => {
  const agent = stepwise({ planning: true });
  agent.send(failed('plan', fault('transient')));
  expect(stateOf(agent.played)).toBe('errorHandling.retry');
  expect(agent.played.snapshot.context).toMatchObject({ phase: 'planning', failure: { kind: 'transient' } });
  expect(stateOf(agent.send(backoff))).toBe('working.planning.drafting');
  agent.send(
    done('plan', {
      steps: [{ id: 'a', goal: 'g', dependsOn: [], expected: '', verification: '' }],
      usage: usage(),
      model: 'm',
    }),
  );
  expect(stateOf(agent.played)).toBe('working.execution.thinking');
});

test('a permanently failing model is called a bounded number of times', () => {
  const agent = stepwise();
  for (let i = 0; i < 100 && !outputOf(agent.played); i++) {
    const event = {
      'errorHandling.retry': backoff,
      'errorHandling.fallback': takeOver,
      'working.execution.thinking': modelFails(),
    }[stateOf(agent.played)];
    agent.send(event!);
  }
  expect(outputOf(agent.played)).toMatchObject({
    status: 'failed',
    failure: { kind: 'transient' },
    phase: 'execution',
  });
  // Two tries, twice a fallback with two tries of its own, and never more than the eight recoveries of a task.
  expect(startCount(agent.played, 'callModel')).toBe(9);
});

test('an authentication failure is not retried', () => {
  const played = story({}, modelFails('auth'));
  expect(outputOf(played)).toMatchObject({ status: 'failed', failure: { kind: 'auth' } });
  expect(startCount(played, 'callModel')).toBe(1);
});

test('an unclassified failure ends the task after one other approach', () => {
  const agent = stepwise({ limits: { maxAlternatives: 1 } });
  agent.send(failed('callModel', new Error('boom')));
  expect(stateOf(agent.played)).toBe('working.execution.thinking');
  agent.send(failed('callModel', new Error('boom')));
  expect(outputOf(agent.played)).toMatchObject({ status: 'failed', failure: { kind: 'internal', message: 'boom' } });
});

test('when the model fails permanently, the fallback model continues in the same phase', () => {
  const agent = stepwise();
  agent.send(modelFails('format'));
  expect(stateOf(agent.played)).toBe('errorHandling.fallback');
  agent.send(takeOver);
  expect(startedActors(agent.played).at(-1)).toMatchObject({ src: 'callModel', input: { fallbacks: 1 } });
  expect(stateOf(agent.send(answers('Done.')))).toBe('completed');
});

test('without a fallback the first failure is final', () => {
  const played = story({}, modelFails('format'), failed('fallback', fault('format', 'nothing to fall back to')));
  expect(outputOf(played)).toMatchObject({ failure: { kind: 'format', message: 'format trouble' } });
});

test('an environment failure lets the other calls of the turn finish, and is then handled', () => {
  const agent = stepwise();
  agent.send(calls(call('read'), call('list')), toolFails(0, 'environment'));
  expect(stateOf(agent.played)).toBe('working.execution.acting');
  agent.send(toolReturns(1));
  expect(stateOf(agent.played)).toBe('errorHandling.retry');
  expect(agent.played.snapshot.context.phase).toBe('execution');
  expect(unanswered(transcript(agent.played))).toEqual([]);
  expect(stateOf(agent.send(backoff))).toBe('working.execution.thinking');
});

test('several failing tools in a row lead to another approach', () => {
  const agent = stepwise();
  for (let i = 0; i < 3; i++) agent.send(calls(call('read', { input: i })), toolFails(0, 'tool'));
  expect(phasesOf(agent.played).slice(-3)).toEqual(['errorHandling', 'planning', 'execution']);
});

const pausesOf = ({ actions }: Pick<ReturnType<typeof story>, 'actions'>) =>
  actions
    .filter(
      ({ type, params }) =>
        type === 'xstate.raise' &&
        (params as { event: { type: string } }).event.type.startsWith('xstate.after.backoff'),
    )
    .map(({ params }) => (params as { delay: number }).delay);
/** An event with the context that the engine gives it: a time, a random number, and the deadline of the run. */
const at = (event: { type: string }, now: number, chance: number, deadline?: number) =>
  withEventContext(event, { at: now, chance: () => chance, ...(deadline === undefined ? {} : { deadline }) });

test('the longest pause before a retry doubles, up to its bound; a random number decides how much of it is waited', () => {
  const waits = (chance: number) =>
    pausesOf(
      story(
        { limits: { maxRetries: 5, maxBackoff: 3_000 } },
        ...[1, 2, 3].flatMap(() => [at(modelFails(), 0, chance), backoff]),
      ),
    );
  expect(waits(0.999_999)).toEqual([1_000, 2_000, 3_000]);
  expect(waits(0.25)).toEqual([250, 500, 750]);
  expect(waits(0)).toEqual([1, 1, 1]);
});

test('the random part of a pause is stored: the pause is the same when it is computed again', () => {
  const { snapshot } = story({}, at(modelFails(), 5, 0.25));
  expect(snapshot.context).toMatchObject({ setback: { at: 5, chance: 0.25 } });
});

test('a pause is never shorter than the provider’s retryAfter', () => {
  expect(pausesOf(story({}, failed('callModel', { ...fault('transient'), retryAfter: 30_000 })))).toEqual([30_000]);
});

test('a retry that would come after the deadline is not waited for: the fallback model is used at once', () => {
  const busy = failed('callModel', { ...fault('transient'), retryAfter: 30_000 });
  expect(stateOf(story({}, at(busy, 1_000, 0.5, 31_001)))).toBe('errorHandling.retry');
  expect(stateOf(story({}, at(busy, 1_000, 0.5, 31_000)))).toBe('errorHandling.fallback');
  expect(stateOf(story({ limits: { deadline: 31_000 } }, at(busy, 1_000, 0.5)))).toBe('errorHandling.fallback');
  const alone = story({ limits: { maxFallbacks: 0 } }, at(busy, 1_000, 0.5, 31_000));
  expect(outputOf(alone)).toMatchObject({ status: 'failed', failure: { kind: 'transient' } });
});

test('an environment failure that is permanent is not retried; another resource may be used', () => {
  const gone = failed('discover', { ...fault('environment'), data: { gone: true } });
  expect(stateOf(story({ discovery: true }, gone))).toBe('errorHandling.fallback');
  expect(outputOf(story({ discovery: true, limits: { maxFallbacks: 0 } }, gone))).toMatchObject({
    status: 'failed',
    failure: { kind: 'environment' },
  });
});

test('a phase that exceeds its time limit fails with a timeout', () => {
  const played = story({ discovery: true }, after('phaseTimeout', 'agent.active.lifecycle.working.discovery.listing'));
  expect(played.snapshot.context).toMatchObject({ phase: 'discovery', failure: { kind: 'timeout' } });
});

test('a missing capability that no toolbelt has ends the task, and the failure names it', () => {
  const played = story({ discovery: true }, done('discover', { tools: 2, epoch: 1, missing: ['mail'] }));
  expect(outputOf(played)).toMatchObject({
    status: 'failed',
    failure: { kind: 'capability', data: ['mail'] },
    phase: 'discovery',
  });
});
