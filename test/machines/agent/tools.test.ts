/** Tiers, toolbelt and verification. */
import { describe, expect, test } from 'vitest';
import { after, done, failed, startedActors } from '../../../src/testing/play.ts';
import { answers, call, calls, fault, toolReturns, wants } from '../effectResults.ts';
import { outputOf, phasesOf, stateOf, story, stepwise, transcript } from './story.ts';

const connected = done('connectToolbelt', null);
const listed = (change: object = {}) =>
  done('listToolbelt', { tools: 3, epoch: 1, missing: [], conflicts: [], ...change });
const dropped = done('dropToolbelt', null);
const toolsOf = (played: ReturnType<typeof story>) => played.snapshot.context.tools as { tier: string; epoch: number };

describe('the tools on offer', () => {
  test('become more when the model asks', () => {
    const played = story({}, wants('toolchain'));
    expect(toolsOf(played).tier).toBe('toolchain');
    expect(startedActors(played).at(-1)).toMatchObject({ src: 'callModel', input: { tier: 'toolchain' } });
  });

  test('become fewer again when the tier is not used', () => {
    const agent = stepwise({ limits: { evalEvery: 1, demoteAfter: 2 } });
    agent.send(wants('toolchain'), calls(call('read', { input: 1 })), toolReturns(0));
    expect(toolsOf(agent.played).tier).toBe('toolchain');
    agent.send(calls(call('read', { input: 2 })), toolReturns(0));
    expect(toolsOf(agent.played).tier).toBe('core');
  });

  test('stay while the tier is used', () => {
    const agent = stepwise({ limits: { evalEvery: 1, demoteAfter: 2 } });
    agent.send(wants('toolchain'));
    for (let i = 0; i < 4; i++) agent.send(calls(call('lint', { input: i, tier: 'toolchain' })), toolReturns(0));
    expect(toolsOf(agent.played).tier).toBe('toolchain');
  });
});

describe('a toolbelt', () => {
  test('is activated when the model asks for it', () => {
    const played = story({ toolbelt: true }, wants('toolbelt'), connected, listed());
    expect(phasesOf(played).slice(-4)).toEqual(['execution', 'transition', 'toolbelt', 'execution']);
    expect(toolsOf(played)).toMatchObject({ tier: 'toolbelt', epoch: 1 });
  });

  test('is activated before the first step when a required capability is missing', () => {
    const played = story(
      { toolbelt: true, discovery: true },
      done('discover', { tools: 1, epoch: 0, missing: ['mail'] }),
    );
    expect(stateOf(played)).toBe('working.toolbelt.connecting');
  });

  test.each([
    ['does not connect', [failed('connectToolbelt')]],
    ['takes too long', [after('phaseTimeout', 'agent.active.lifecycle.working.toolbelt.connecting')]],
    ['cannot be listed', [connected, failed('listToolbelt')]],
    ['is empty', [connected, listed({ tools: 0 })]],
    ['has a name that is taken', [connected, listed({ conflicts: ['read'] })]],
  ] as const)('that %s leaves the tools as they were', (_, events) => {
    const played = story({ toolbelt: true }, wants('toolbelt'), ...events, dropped);
    expect(toolsOf(played)).toMatchObject({ tier: 'core', epoch: 0 });
    expect(stateOf(played)).toBe('working.execution.thinking');
  });

  test('that lacks a required capability ends the task, and the failure names it', () => {
    const played = story(
      { toolbelt: true, discovery: true },
      done('discover', { tools: 1, epoch: 0, missing: ['mail'] }),
      connected,
      listed({ missing: ['mail'] }),
    );
    expect(outputOf(played)).toMatchObject({
      status: 'failed',
      failure: { kind: 'capability', data: ['mail'] },
      phase: 'toolbelt',
    });
  });

  test('that failed is not tried again for a while', () => {
    const agent = stepwise({ toolbelt: true, limits: { toolbeltPause: 2 } });
    agent.send(wants('toolbelt'), failed('connectToolbelt'), dropped, wants('toolbelt'));
    expect(stateOf(agent.played)).toBe('working.execution.thinking');
    agent.send(wants('toolbelt'));
    expect(stateOf(agent.played)).toBe('working.toolbelt.connecting');
  });

  test('is deactivated again when that failed, and nothing else is repeated', () => {
    const agent = stepwise({ toolbelt: true });
    agent.send(wants('toolbelt'), failed('connectToolbelt'), failed('dropToolbelt', fault('environment')));
    agent.send(after('backoff', 'agent.active.lifecycle.errorHandling.retry'));
    expect(stateOf(agent.played)).toBe('working.toolbelt.rollback');
    expect(stateOf(agent.send(dropped))).toBe('working.execution.thinking');
  });

  test('that cannot be deactivated is an environment failure', () => {
    const played = story(
      { toolbelt: true },
      wants('toolbelt'),
      failed('connectToolbelt'),
      failed('dropToolbelt', fault('environment')),
    );
    expect(played.snapshot.context).toMatchObject({ phase: 'toolbelt', failure: { kind: 'environment' } });
    expect(toolsOf(played).tier).toBe('core');
  });
});

describe('verification', () => {
  const found = (met: boolean) =>
    done('verify', { evidence: [{ objective: 'cited', met, says: met ? 'two sources' : 'no source given' }] });

  test('keeps the evidence of a completed task', () => {
    expect(outputOf(story({ verification: true }, answers('Done.'), found(true)))).toMatchObject({
      status: 'completed',
      evidence: [{ objective: 'cited', met: true }],
    });
  });

  test('gives the model the missing objectives, and lets it plan again', () => {
    const agent = stepwise({ verification: true });
    agent.send(answers('Done.'), found(false));
    expect(phasesOf(agent.played).slice(-3)).toEqual(['verification', 'planning', 'execution']);
    expect(transcript(agent.played).at(-1)).toMatchObject({
      text: expect.stringContaining('- cited: no source given') as string,
    });
    expect(outputOf(agent.send(answers('Done, with a source.'), found(true)))?.status).toBe('completed');
  });

  test('that is still not met at the end fails the task with the evidence and the last answer', () => {
    const rounds = [answers('one'), found(false), answers('two'), found(false), answers('three'), found(false)];
    expect(outputOf(story({ verification: true }, ...rounds))).toMatchObject({
      status: 'failed',
      failure: { kind: 'unverified' },
      phase: 'verification',
      partial: { body: 'three' },
      evidence: [{ met: false }],
    });
  });

  test('without evidence does not complete the task', () => {
    expect(stateOf(story({ verification: true }, answers('Done.'), done('verify', { evidence: [] })))).toBe(
      'working.execution.thinking',
    );
  });
});
