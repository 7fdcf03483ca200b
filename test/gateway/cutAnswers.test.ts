/** Answers that are cut short (at the limit of their length, by a filter, by a broken connection): no call of theirs is made. */
import { describe, expect, test } from 'vitest';
import { runAgainst } from './wireAgent.ts';
import { turn, wireNames, wires } from './wireServer.ts';

const argumentsOf = (name: string): string[] =>
  // Google sends arguments as JSON, which cannot be half.
  name === 'google' ? ['', '{"order":1}'] : ['', '{}', '{"order":1', '{"order":1}'];

describe.each(wireNames)('%s', (name) => {
  const { frames, openCall } = wires[name];
  const done = turn.whole(frames({ text: 'Done.' }));

  test('a call in an answer that broke off is not made', async () => {
    const half = turn.whole([...frames({ text: 'I pay.', reason: null }), ...openCall]);
    const dying = turn.dies([...frames({ text: 'I pay.', reason: null }), ...openCall]);
    const { outcome, paid, requests } = await runAgainst(name, [half, dying, done]);
    expect(outcome).toMatchObject({ status: 'done', output: 'Done.', usage: { steps: 3, toolCalls: 0 } });
    expect(paid).toEqual([]);
    expect(requests).toHaveLength(3);
    expect(requests.join()).not.toContain('I pay.');
  });

  test.each(argumentsOf(name))('a call at the limit of the length is not made: %s', async (written) => {
    const cut = turn.whole(frames({ text: 'I pay.', calls: [{ name: 'pay', arguments: written }], reason: 'length' }));
    const { outcome, paid, requests } = await runAgainst(name, [cut, done], { maxOutputTokens: 40 });
    expect(outcome).toMatchObject({ status: 'done', output: 'Done.' });
    expect(paid).toEqual([]);
    expect(requests).toHaveLength(2);
    expect(requests[1]).toContain('your answer was cut off at the limit of 40 tokens');
    expect(requests[1]).not.toContain('not JSON');
  });

  test('of several calls at the limit of the length none is made, also not those that are whole', async () => {
    const calls = [1, 2].map((order) => ({ name: 'pay', arguments: `{"order":${order}}` }));
    const { paid, requests } = await runAgainst(name, [turn.whole(frames({ calls, reason: 'length' })), done]);
    expect(paid).toEqual([]);
    expect(requests[1]?.match(/cut off at the limit of its length/g)).toHaveLength(2);
  });

  test('an agent whose answers are always cut at the limit fails, and says how to raise it', async () => {
    const cut = turn.whole(frames({ calls: [{ name: 'pay', arguments: '{"order":1}' }], reason: 'length' }));
    const { outcome, paid } = await runAgainst(name, [cut]);
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'format' } });
    expect(JSON.stringify(outcome)).toContain('Raise maxOutputTokens');
    expect(paid).toEqual([]);
  });

  test('a call in an answer that a filter stopped is not made, and the failure names the filter', async () => {
    const stopped = frames({ text: 'I', calls: [{ name: 'pay', arguments: '{"order":1}' }], reason: 'filter' });
    const { outcome, paid } = await runAgainst(name, [turn.whole(stopped)]);
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'model' } });
    if (name !== 'anthropic')
      expect(JSON.stringify(outcome)).toMatch(/stopped by the filter of its provider \((content_filter|SAFETY)\)/);
    expect(paid).toEqual([]);
  });
});

test('a plan that was cut at the limit is asked for again, and a model that refuses to plan ends the task', async () => {
  const plan = (reason: 'length' | 'filter' | 'calls') =>
    turn.whole(
      wires.openai.frames({
        calls: [
          {
            name: 'make_plan',
            arguments: JSON.stringify({
              steps: [{ id: 'a', goal: 'Pay.', dependsOn: [], expected: 'Paid.', verification: 'Look.' }],
            }),
          },
        ],
        reason,
      }),
    );
  const done = turn.whole(wires.openai.frames({ text: 'Done.' }));
  const cut = await runAgainst('openai', [plan('length'), plan('calls'), done], { planning: 'model' });
  expect(cut.outcome).toMatchObject({ status: 'done', usage: { steps: 3 } });
  expect(cut.requests[1]).toContain('cut off at the limit of its length');
  const refused = await runAgainst('openai', [plan('filter')], { planning: 'model', limits: { maxRetries: 0 } });
  expect(refused.outcome).toMatchObject({
    status: 'failed',
    failure: { kind: 'model', message: 'The model refused: content_filter' },
    usage: { steps: 1 },
  });
});
