/** What answers cost: also those that report nothing, zeros, or never came. */
import { describe, expect, test } from 'vitest';
import { scriptedModel } from 'troupe/testing';
import { gateway } from '../../src/gateway/gateway.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { runAgainst } from './wireAgent.ts';
import { turn, wireNames, wires, type Said } from './wireServer.ts';

const task = 'Pay the order. '.repeat(100); // 1,500 characters: about 375 tokens.
const payAgain: Said = { calls: [{ name: 'pay', arguments: '{"order":1}' }] };

describe.each(wireNames)('%s', (name) => {
  const { frames } = wires[name];

  test.each<[string, NonNullable<Said['usage']> | null]>([
    ['zeros', { input: 0, output: 0 }],
    ['no input', { input: 0, output: 7 }],
    ['nothing', null],
  ])('with %s reported as usage, a budget in tokens still ends a run', async (_, usage) => {
    const { outcome, requests } = await runAgainst(
      name,
      [
        (response, n) =>
          turn.whole(frames({ ...payAgain, calls: [{ name: 'pay', arguments: `{"order":${n}}` }], usage }))(
            response,
            n,
          ),
      ],
      { task, budget: { tokens: 1_500 } },
    );
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { what: 'tokens' } } });
    expect(requests.length).toBeLessThanOrEqual(4);
  });

  test('a budget in dollars ends a run whose provider reports zeros', async () => {
    const { outcome, requests } = await runAgainst(
      name,
      [
        (response, n) =>
          turn.whole(frames({ calls: [{ name: 'pay', arguments: `{"order":${n}}` }], usage: { input: 0, output: 0 } }))(
            response,
            n,
          ),
      ],
      { task, budget: { usd: 0.003 }, price: { input: 2, output: 10 } },
    );
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { what: 'usd' } } });
    expect(requests.length).toBeLessThanOrEqual(4);
  });

  test.each([
    ['breaks off', turn.dies(frames({ text: 'You must NOT' }).slice(0, 2))],
    ['ends without a reason', turn.whole(frames({ text: 'You must NOT', reason: null }))],
    ['answers 500', turn.status(500, '{"error":{"message":"boom"}}')],
  ])('a model that %s is asked as often as the budget has steps, and every attempt is charged', async (_, broken) => {
    const { outcome, requests } = await runAgainst(name, [broken], { task, budget: { steps: 2 } });
    expect(requests).toHaveLength(2);
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'budget', data: { what: 'steps' } },
      usage: { steps: 2 },
    });
    expect(usageOf(outcome).inputTokens).toBeGreaterThan(2 * 375);
  });

  test('attempts that fail before an answer are charged beside it', async () => {
    const broken = turn.dies(frames({ text: 'You must NOT' }).slice(0, 2));
    const { outcome } = await runAgainst(name, [broken, turn.whole(frames({ text: 'Done.' }))], { task });
    expect(outcome).toMatchObject({ status: 'done', output: 'Done.', usage: { steps: 2 } });
    // 10 tokens were reported for the answer itself.
    expect(usageOf(outcome).inputTokens).toBeGreaterThan(375 + 10);
  });

  test('a limit that was reached counts as a step and costs no tokens: nobody has read the request', async () => {
    const { outcome, requests } = await runAgainst(name, [turn.status(429, '{"error":{"message":"slow"}}')], {
      task,
      budget: { steps: 2 },
    });
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect(usageOf(outcome)).toMatchObject({ steps: 2, inputTokens: 0, outputTokens: 0, usd: 0 });
    expect(requests).toHaveLength(2);
  });

  test('a refusal costs nothing', async () => {
    const { outcome } = await runAgainst(name, [turn.status(401, '{"error":{"message":"no"}}')], { task });
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'auth' } });
    expect(usageOf(outcome)).toMatchObject({ steps: 0, inputTokens: 0, outputTokens: 0, usd: 0 });
  });
});

const usageOf = (outcome: object) => (outcome as { usage: { steps: number; inputTokens: number } }).usage;

const ask = { instructions: '', messages: [{ role: 'user' as const, text: 'x'.repeat(400) }], tools: [] };
const scope = () => ({ key: 'k', signal: new AbortController().signal, deadline: undefined });
const busy = { error: { kind: 'transient' as const, message: 'busy' } };

test('attempts that fail are charged beside the answer', async () => {
  const first = scriptedModel([{ text: 'Half a text', half: true }, busy], { id: 'openai:gpt-4o' });
  const second = scriptedModel([{ text: 'Here.' }], { id: 'test:second' });
  const opened = gateway({ clock: systemClock(), env: {}, retry: { times: 2, backoff: 0 } });
  const answer = await opened.answer([first, second], ask, scope());
  expect(answer).toMatchObject({ text: 'Here.', usage: { inputTokens: 10 }, failed: { answers: 2 } });
  expect(answer.failed?.usage).toMatchObject({ inputTokens: 2 * 107, outputTokens: 2, reported: false });
  expect(answer.failed?.usage.usd).toBeCloseTo((214 * 2.5 + 2 * 10) / 1e6);
});

test('no attempt is made that the caller does not allow, at the same model or at the next', async () => {
  const [first, second] = [scriptedModel([busy, busy]), scriptedModel([{ text: 'Here.' }])];
  const opened = gateway({ clock: systemClock(), env: {}, retry: { times: 2, backoff: 0 } });
  const seen: number[] = [];
  const answer = opened.answer(
    [first, second],
    ask,
    scope(),
    undefined,
    ({ answers }) => (seen.push(answers), answers < 2),
  );
  await expect(answer).rejects.toMatchObject({ kind: 'transient', data: { answers: 2 } });
  expect([first.requests.length, second.requests.length]).toEqual([2, 0]);
});

test.each<[object, string]>([
  [{ steps: 3 }, 'steps'],
  [{ tokens: 2_000 }, 'tokens'],
])('a budget of %o ends a model that never answers', async (budget, what) => {
  const never = turn.whole(wires.openai.frames({ text: 'You must NOT', reason: null }));
  const { outcome, requests } = await runAgainst('openai', [never], { task, budget });
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { what } } });
  expect(requests.length).toBeLessThanOrEqual(4);
});

test('attempts that fail while an agent plans are charged as well', async () => {
  const { outcome, requests } = await runAgainst('openai', [turn.status(500, '{}')], {
    task,
    planning: 'model',
    budget: { steps: 2 },
  });
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' }, usage: { steps: 2 } });
  expect(requests).toHaveLength(2);
});
