/** Cancel, pause, budgets and cleanup: how a task is stopped, and how it ends. */
import { describe, expect, test } from 'vitest';
import { agentWith } from '../../../machines/agent/agent.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import { playEvents } from '../playEvents.ts';
import {
  answers,
  call,
  calls,
  withUsage,
  fault,
  modelFails,
  refusalAnswer,
  toolReturns,
  withText,
  settings,
  task,
  usage,
} from '../effectResults.ts';
import { startCount, control, outputOf, phasesOf, stateOf, story, stepwise, transcript, unanswered } from './story.ts';

const cancel = { type: 'agent.cancel', reason: 'changed my mind' };
const pause = { type: 'agent.pause' };
const resume = { type: 'agent.resume' };
const backoff = after('backoff', 'agent.active.lifecycle.errorHandling.retry');
const stopped = (played: ReturnType<typeof story>) =>
  played.actions.filter(({ type }) => type === 'xstate.stopChild').map(({ params }) => (params as { id: string }).id);

describe('cancel', () => {
  test('stops the model call', () => {
    const played = story({}, cancel);
    expect(stopped(played)).toEqual(['callModel']);
    expect(outputOf(played)).toMatchObject({ status: 'cancelled', reason: 'changed my mind' });
  });

  test('stops running tools and leaves no call without a result', () => {
    const played = story({}, calls(call('read'), call('send', { how: 'write' })), toolReturns(0), cancel);
    expect(stopped(played)).toContain('call.1');
    expect(unanswered(transcript(played))).toEqual([]);
    expect(transcript(played).at(-1)).toMatchObject({
      results: [{ ok: true }, { ok: false, content: expect.stringContaining('cancelled (changed my mind)') as string }],
    });
  });

  test('works while the agent waits to retry', () => {
    expect(outputOf(story({}, modelFails(), cancel))?.status).toBe('cancelled');
  });

  test('comes too late once the outcome of the task is decided', () => {
    const agent = stepwise({ cleanup: true });
    agent.send(answers('Done.'), cancel);
    expect(stateOf(agent.played)).toBe('cleanup.closing');
    expect(outputOf(agent.send(done('cleanUp', null)))?.status).toBe('completed');
  });

  test('a cancelled task never becomes a completed one, whatever event comes late', () => {
    const agent = stepwise({ cleanup: true });
    agent.send(cancel, answers('Done.'), cancel, done('cleanUp', null), answers('Done.'));
    expect(outputOf(agent.played)?.status).toBe('cancelled');
  });
});

describe('pause', () => {
  test('sent twice counts once, and is not refused the second time', () => {
    const agent = stepwise({});
    for (const event of [resume, pause, pause, resume, resume]) {
      const { snapshot } = agent.played;
      expect(snapshot.machine.getTransitionData(snapshot, event)).not.toEqual([]);
      agent.send(event);
    }
  });

  test('holds before the plan is requested, too', () => {
    const agent = stepwise({ discovery: true, planning: true });
    agent.send(pause, done('discover', { tools: 1, epoch: 1, missing: [] }));
    expect([stateOf(agent.played), control(agent.played)]).toEqual(['working.planning.holding', 'paused']);
    expect(startCount(agent.played, 'plan')).toBe(0);
    agent.send(resume);
    expect(startCount(agent.played, 'plan')).toBe(1);
  });

  test('lets a running tool finish, and holds before the next model call', () => {
    const agent = stepwise();
    agent.send(calls(call('read')), pause);
    expect([stateOf(agent.played), control(agent.played)]).toEqual(['working.execution.acting', 'pausing']);
    agent.send(toolReturns(0));
    expect([stateOf(agent.played), control(agent.played)]).toEqual(['working.execution.holding', 'paused']);
    expect(agent.played.snapshot.hasTag('paused')).toBe(true);
    expect(startCount(agent.played, 'callModel')).toBe(1);
    agent.send(resume);
    expect([stateOf(agent.played), control(agent.played)]).toEqual(['working.execution.thinking', 'running']);
  });

  test('resumed in time changes nothing', () => {
    const agent = stepwise();
    agent.send(calls(call('read')), pause, resume, toolReturns(0));
    expect(stateOf(agent.played)).toBe('working.execution.thinking');
  });

  test('holds before a failed call is retried, and continues there', () => {
    const agent = stepwise({ planning: true });
    agent.send(failed('plan', fault('transient')), pause, backoff);
    expect([stateOf(agent.played), control(agent.played)]).toEqual(['errorHandling.holding', 'paused']);
    expect(startCount(agent.played, 'plan')).toBe(1);
    expect(stateOf(agent.send(resume))).toBe('working.planning.drafting');
  });

  test('does not keep a task from being cancelled', () => {
    expect(outputOf(story({}, calls(call('read')), pause, toolReturns(0), cancel))?.status).toBe('cancelled');
  });
});

describe('a budget', () => {
  const turn = (i: number) => [calls(call('read', { input: i })), toolReturns(0)];

  test('of steps is never exceeded; the text so far is kept', () => {
    const played = story({ budget: { steps: 1 } }, withText('I will look.', calls(call('read'))), toolReturns(0));
    expect(outputOf(played)).toMatchObject({
      status: 'failed',
      failure: { kind: 'budget', data: { what: 'steps', used: 1, limit: 1 } },
      partial: { body: 'I will look.' },
      usage: { steps: 1 },
    });
    expect(startCount(played, 'callModel')).toBe(1);
  });

  test('of steps is not exceeded by retries either', () => {
    const played = story({ budget: { steps: 1 } }, refusalAnswer(), backoff);
    expect(outputOf(played)).toMatchObject({ failure: { kind: 'budget' }, usage: { steps: 1 } });
    expect(startCount(played, 'callModel')).toBe(1);
  });

  test('of steps is not exceeded by repeating the requirements', () => {
    const unfit = { ...fault('format'), data: { usage: usage(30), answers: 2 } };
    const played = story({ analysis: true, budget: { steps: 2 } }, failed('analyze', unfit), done('fallback', {}));
    expect(outputOf(played)).toMatchObject({ failure: { kind: 'budget' }, usage: { steps: 2 } });
    expect(startCount(played, 'analyze')).toBe(1);
  });

  test('of tokens reserves what the next call needs', () => {
    const played = story({ budget: { tokens: 40 } }, ...turn(0), ...turn(1));
    expect(outputOf(played)).toMatchObject({ failure: { kind: 'budget', data: { what: 'tokens', used: 30 } } });
  });

  test('of money is exceeded by one call at most', () => {
    const played = story({ budget: { usd: 0.0025 } }, ...turn(0), ...turn(1));
    expect(outputOf(played)).toMatchObject({ failure: { data: { what: 'usd' } }, usage: { usd: 0.002 } });
  });

  test('of money refuses a model whose price is unknown, unless that is allowed', () => {
    const priceless = withUsage(answers('Done.'), usage(15, null));
    expect(outputOf(story({ budget: { usd: 1 } }, priceless))).toMatchObject({
      status: 'failed',
      failure: { kind: 'budget', message: expect.stringContaining('price') as string },
    });
    expect(outputOf(story({ budget: { usd: 1 }, limits: { allowUnknownPrice: true } }, priceless))).toMatchObject({
      status: 'completed',
      usage: { usd: null },
    });
    expect(outputOf(story({}, priceless))?.status).toBe('completed');
  });

  test('of tool calls ends the task when the model wants more calls than are left', () => {
    const played = story({ budget: { toolCalls: 1 } }, ...turn(0), calls(call('read', { input: 1 })));
    expect(outputOf(played)).toMatchObject({ failure: { data: { what: 'toolCalls' } } });
    expect(unanswered(transcript(played))).toEqual([]);
    expect(startCount(played, 'runTool')).toBe(1);
  });

  test('of tool calls names the limit: the lower of its own and what the run has left', () => {
    const machine = agentWith(settings({ budget: { toolCalls: 20 } }));
    const played = playEvents(machine, { ...task, allowance: { toolCalls: 1 } }, [
      ...turn(0),
      calls(call('read', { input: 1 })),
    ]);
    expect(outputOf(played)).toMatchObject({ failure: { data: { what: 'toolCalls', used: 1, limit: 1 } } });
  });

  test('that is nearly used up is noted once', () => {
    const played = story({ budget: { steps: 5 } }, ...turn(0), ...turn(1), ...turn(2), ...turn(3));
    const notes = transcript(played).filter((message) => message.role === 'user' && message.text.includes('budget'));
    expect(notes).toHaveLength(1);
    expect(unanswered(transcript(played))).toEqual([]);
  });

  test('of time ends the task in any state', () => {
    const deadline = after('deadline', 'agent.active.budget');
    const played = story({}, calls(call('read')), deadline);
    expect(outputOf(played)).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { what: 'time' } } });
    expect(unanswered(transcript(played))).toEqual([]);
    expect(outputOf(story({}, modelFails(), deadline))).toMatchObject({ failure: { data: { what: 'time' } } });
  });
});

describe('cleanup', () => {
  const once = (played: ReturnType<typeof story>) => phasesOf(played).filter((phase) => phase === 'cleanup');

  test.each([
    ['completed', [answers('Done.')]],
    ['failed', [modelFails('auth')]],
    ['cancelled', [cancel]],
  ] as const)('happens once when a task is %s', (status, events) => {
    const played = story({ cleanup: true }, ...events, done('cleanUp', null));
    expect(outputOf(played)?.status).toBe(status);
    expect(once(played)).toHaveLength(1);
    expect(startCount(played, 'cleanUp')).toBe(1);
  });

  test('that fails or hangs does not change the outcome', () => {
    expect(outputOf(story({ cleanup: true }, answers('Done.'), failed('cleanUp')))?.status).toBe('completed');
    expect(
      outputOf(
        story({ cleanup: true }, modelFails('auth'), after('cleanupGrace', 'agent.active.lifecycle.cleanup.closing')),
      )?.status,
    ).toBe('failed');
  });
});
