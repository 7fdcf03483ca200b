import { expect, test } from 'vitest';
import { after, done, failed, startedActors } from '../../../src/testing/play.ts';
import { withEventContext } from '../../../src/contracts/eventContext.ts';
import { answers, breaks, call, calls, fault, modelFails, returns, usage } from '../effectResults.ts';
import { asked, outputOf, phasesOf, stands, story, telling, transcript, unanswered } from './story.ts';

const backoff = after('backoff', 'agent.active.lifecycle.errorHandling.retry');
const takeOver = done('fallback', { resource: 'the other model' });

test('a passing failure is tried again where it happened', () => {
  const agent = telling({ planning: true });
  agent.tell(failed('plan', fault('transient')));
  expect(stands(agent.played)).toBe('errorHandling.retry');
  expect(agent.played.snapshot.context).toMatchObject({ phase: 'planning', failure: { kind: 'transient' } });
  expect(stands(agent.tell(backoff))).toBe('working.planning.drafting');
  agent.tell(
    done('plan', {
      steps: [{ id: 'a', goal: 'g', dependsOn: [], expected: '', verification: '' }],
      usage: usage(),
      model: 'm',
    }),
  );
  expect(stands(agent.played)).toBe('working.execution.thinking');
});

test('a permanently failing model is called a bounded number of times', () => {
  const agent = telling();
  for (let i = 0; i < 100 && !outputOf(agent.played); i++) {
    const event = {
      'errorHandling.retry': backoff,
      'errorHandling.fallback': takeOver,
      'working.execution.thinking': modelFails(),
    }[stands(agent.played)];
    agent.tell(event!);
  }
  expect(outputOf(agent.played)).toMatchObject({
    status: 'failed',
    failure: { kind: 'transient' },
    phase: 'execution',
  });
  // Two tries, twice a fallback with two tries of its own, and never more than the eight recoveries of a task.
  expect(asked(agent.played, 'callModel')).toBe(9);
});

test('who is not allowed in does not knock again', () => {
  const played = story({}, modelFails('auth'));
  expect(outputOf(played)).toMatchObject({ status: 'failed', failure: { kind: 'auth' } });
  expect(asked(played, 'callModel')).toBe(1);
});

test('what nobody classified is an abort after one other approach', () => {
  const agent = telling({ limits: { maxAlternatives: 1 } });
  agent.tell(failed('callModel', new Error('boom')));
  expect(stands(agent.played)).toBe('working.execution.thinking');
  agent.tell(failed('callModel', new Error('boom')));
  expect(outputOf(agent.played)).toMatchObject({ status: 'failed', failure: { kind: 'internal', message: 'boom' } });
});

test('when the model fails for good, the fallback takes over where it failed', () => {
  const agent = telling();
  agent.tell(modelFails('format'));
  expect(stands(agent.played)).toBe('errorHandling.fallback');
  agent.tell(takeOver);
  expect(startedActors(agent.played).at(-1)).toMatchObject({ src: 'callModel', input: { fallbacks: 1 } });
  expect(stands(agent.tell(answers('Done.')))).toBe('completed');
});

test('without a fallback the first failure stands', () => {
  const played = story({}, modelFails('format'), failed('fallback', fault('format', 'nothing to fall back to')));
  expect(outputOf(played)).toMatchObject({ failure: { kind: 'format', message: 'format trouble' } });
});

test('a broken surrounding lets the other calls of the turn finish, and is then handled', () => {
  const agent = telling();
  agent.tell(calls(call('read'), call('list')), breaks(0, 'environment'));
  expect(stands(agent.played)).toBe('working.execution.acting');
  agent.tell(returns(1));
  expect(stands(agent.played)).toBe('errorHandling.retry');
  expect(agent.played.snapshot.context.phase).toBe('execution');
  expect(unanswered(transcript(agent.played))).toEqual([]);
  expect(stands(agent.tell(backoff))).toBe('working.execution.thinking');
});

test('tools that fail one after another lead to another approach', () => {
  const agent = telling();
  for (let i = 0; i < 3; i++) agent.tell(calls(call('read', { input: i })), breaks(0, 'tool'));
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
/** As the engine hands an event in: at a time, with a chance, and with the deadline of the run. */
const at = (event: { type: string }, now: number, chance: number, deadline?: number) =>
  withEventContext(event, { at: now, chance: () => chance, ...(deadline === undefined ? {} : { deadline }) });

test('the longest pause before trying again doubles, up to its bound; chance decides how much of it is waited', () => {
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

test('what chance said is kept: the pause is the same when the agent is asked again', () => {
  const { snapshot } = story({}, at(modelFails(), 5, 0.25));
  expect(snapshot.context).toMatchObject({ setback: { at: 5, chance: 0.25 } });
});

test('a pause is never shorter than the other side asked for', () => {
  expect(pausesOf(story({}, failed('callModel', { ...fault('transient'), retryAfter: 30_000 })))).toEqual([30_000]);
});

test('what could not be done in time is not waited for: another model may answer at once', () => {
  const busy = failed('callModel', { ...fault('transient'), retryAfter: 30_000 });
  expect(stands(story({}, at(busy, 1_000, 0.5, 31_001)))).toBe('errorHandling.retry');
  expect(stands(story({}, at(busy, 1_000, 0.5, 31_000)))).toBe('errorHandling.fallback');
  expect(stands(story({ limits: { deadline: 31_000 } }, at(busy, 1_000, 0.5)))).toBe('errorHandling.fallback');
  const alone = story({ limits: { maxFallbacks: 0 } }, at(busy, 1_000, 0.5, 31_000));
  expect(outputOf(alone)).toMatchObject({ status: 'failed', failure: { kind: 'transient' } });
});

test('surroundings that are gone for good are not tried again; another resource may be', () => {
  const gone = failed('discover', { ...fault('environment'), data: { gone: true } });
  expect(stands(story({ discovery: true }, gone))).toBe('errorHandling.fallback');
  expect(outputOf(story({ discovery: true, limits: { maxFallbacks: 0 } }, gone))).toMatchObject({
    status: 'failed',
    failure: { kind: 'environment' },
  });
});

test('a phase that takes too long is a failure of that phase', () => {
  const played = story({ discovery: true }, after('phaseTimeout', 'agent.active.lifecycle.working.discovery.listing'));
  expect(played.snapshot.context).toMatchObject({ phase: 'discovery', failure: { kind: 'timeout' } });
});

test('a missing capability that no toolbelt has ends the task, and says which', () => {
  const played = story({ discovery: true }, done('discover', { tools: 2, epoch: 1, missing: ['mail'] }));
  expect(outputOf(played)).toMatchObject({
    status: 'failed',
    failure: { kind: 'capability', data: ['mail'] },
    phase: 'discovery',
  });
});
