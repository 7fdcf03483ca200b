/** The commands of a workflow to an agent step, and calls that end in an order of their own. */
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/values/failure.ts';
import { appendedEntries, done, failed, startedActors } from '../../../src/testing/play.ts';
import { fault } from '../effectResults.ts';
import {
  bothBriefed,
  briefed,
  called,
  complete,
  draft,
  endOf,
  found,
  play,
  prose,
  read,
  server,
  sub,
} from './agentStepStory.ts';

const tools = { servers: [server] };

test('an agent without tools asks at once, and ends with the first answer', () => {
  const played = play({}, draft);
  expect(startedActors(played).map(({ src }) => src)).toEqual(['ask']);
  expect(played.snapshot.output).toMatchObject({ status: 'complete' });
  expect(played.snapshot.context).toMatchObject({ task: undefined });
});

test('a cancel ends the step wherever it is, with what it has used', () => {
  const cancel = { type: 'agent.cancel', reason: 'enough' };
  expect(endOf({}, prose, cancel)).toMatchObject({
    status: 'failed',
    code: 'cancelled',
    failure: { kind: 'cancelled', message: 'enough' },
    metrics: { llm_calls: 1 },
  });
  expect(endOf(tools, cancel)).toMatchObject({ code: 'cancelled' });
  expect(endOf(tools, found, called(read('send', 'write')), cancel)).toMatchObject({ code: 'cancelled' });
});

describe('a pause', () => {
  const pause = { type: 'agent.pause' };

  test('interrupts nothing, and keeps the model from being asked again', () => {
    const played = play({}, pause, prose);
    expect(played.snapshot.value).toBe('held');
    expect(startedActors(played)).toHaveLength(1);
    expect(play({}, pause, prose, { type: 'agent.resume' }).snapshot.value).toBe('asking');
  });

  test('that is taken back in time changes nothing', () => {
    expect(play({}, pause, { type: 'agent.resume' }, prose).snapshot.value).toBe('asking');
  });

  test('ends after a week', () => {
    expect(endOf({}, pause, prose, { type: 'xstate.after.patience.agentStep.held' })).toMatchObject({
      failure: { kind: 'expired' },
    });
  });
});

test('results are kept as they come, and the model is asked when all calls have ended', () => {
  const calls = called(read('a'), read('b'));
  const half = play(tools, found, calls, done('call.1', { content: 'of b' }));
  expect(half.snapshot.value).toBe('calling');
  const all = play(tools, found, calls, done('call.1', { content: 'of b' }), done('call.0', { content: 'of a' }));
  expect(all.snapshot.value).toBe('asking');
  expect(appendedEntries<{ role: string; results?: { content: string }[] }>(all, 'transcript').slice(-2)).toMatchObject(
    [{ results: [{ content: 'of b' }] }, { results: [{ content: 'of a' }] }],
  );
});

test.each<[string, Failure, string]>([
  ['the tool says so', { ...fault('tool'), data: { isError: true } }, 'asking'],
  ['its arguments do not fit', fault('invalid'), 'asking'],
  ['its result is lost', { ...fault('tool'), data: { done: true } }, 'asking'],
  ['the process ended during the call', { ...fault('uncertain'), data: { key: 'k' } }, 'asking'],
  ['the server refused it', { ...fault('tool'), data: { server: 'kv' } }, 'ended'],
  ['the server was not reached', { ...fault('transient'), data: { server: 'kv' } }, 'ended'],
  ['the answer of the server was lost', { ...fault('uncertain'), data: { key: 'k', server: 'kv' } }, 'ended'],
])('a call failed as %s: the model goes on where it can do something about it', (_, failure, state) => {
  const played = play(tools, found, called(read('a')), failed('call.0', failure));
  expect(played.snapshot.value).toBe(state);
  expect(played.snapshot.context.fault?.code).toBe(state === 'ended' ? 'tool_call_failed' : undefined);
});

describe('a sub-agent', () => {
  const cancel = { type: 'agent.cancel', reason: 'enough' };
  const toldTo = (...events: { type: string }[]) =>
    play({}, ...events).actions.flatMap(({ type, params }) =>
      type === 'xstate.sendTo' && JSON.stringify(params).includes('call.0') ? [JSON.stringify(params)] : [],
    );

  test('that begins while its step is paused is paused as well', () => {
    expect(toldTo(called(sub), briefed)).toEqual([]);
    expect(toldTo(called(sub), { type: 'agent.pause' }, briefed).join()).toContain('agent.pause');
  });

  test('is told of a cancel, and its end is waited for, but not through a second cancel', () => {
    const first = play({}, called(sub), briefed, cancel);
    expect(first.snapshot.value).toBe('calling');
    expect(endOf({}, called(sub), briefed, cancel, done('call.0', complete()))).toMatchObject({ code: 'cancelled' });
    expect(endOf({}, called(sub), briefed, cancel, cancel)).toMatchObject({ code: 'cancelled' });
  });

  test('that is one of several is told of a cancel, and the end of each is waited for', () => {
    const started = play({}, called(sub, sub), bothBriefed);
    expect(startedActors(started).filter(({ src }) => src === 'subAgent')).toHaveLength(2);
    const both = [called(sub, sub), bothBriefed, cancel];
    expect(play({}, ...both, done('call.1', complete())).snapshot.value).toBe('calling');
    expect(endOf({}, ...both, done('call.1', complete()), done('call.0', complete()))).toMatchObject({
      code: 'cancelled',
      metrics: { tool_calls: 2 },
    });
  });

  test('whose actor has failed is a failed tool, too', () => {
    const played = play({}, called(sub), briefed, failed('call.0', fault('internal')));
    expect(played.snapshot.value).toBe('asking');
    expect(appendedEntries<{ results?: { ok: boolean }[] }>(played, 'transcript').at(-1)).toMatchObject({
      results: [{ ok: false }],
    });
  });
});
