/** The gateway: groups, retries, deadlines, streams, breakers and prices. */
import { expect, test } from 'vitest';
import { breaker } from '../../actors/gateway.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Model, ModelRequest, Usage } from '../../src/contracts/model.ts';
import { retryAfterOf } from '../../src/values/retryAfter.ts';
import { gateway } from '../../src/gateway/gateway.ts';
import { pace } from '../../src/gateway/pace.ts';
import { priceOf } from '../../src/gateway/prices.ts';
import { scriptedModel, type ScriptedModelStep } from '../../src/testing/index.ts';
import { virtualClock } from '../../src/testing/clock.ts';

const ask: ModelRequest = { instructions: '', messages: [{ role: 'user', text: 'hello' }], tools: [] };
const scope = (over: object = {}) => ({ key: 'k', signal: new AbortController().signal, deadline: undefined, ...over });
const refusal = (kind: string, words = /./) =>
  expect.objectContaining({ name: 'TroupeError', kind, message: expect.stringMatching(words) as string }) as unknown;
const busy: ScriptedModelStep = { error: { kind: 'transient', message: 'busy' } };
const model = (name: string, steps: ScriptedModelStep[]) => scriptedModel(steps, { id: `scripted:${name}` });
const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
};

/** A gateway on a virtual clock, which advances while the test waits for an answer. */
function testGateway(options: object = {}) {
  const clock = virtualClock();
  const inner = gateway({ clock, env: {}, ...options });
  const answer = async (...args: Parameters<typeof inner.answer>) => {
    const state = { over: false };
    const going = inner.answer(...args).finally(() => (state.over = true));
    going.catch(() => {});
    for (await turns(); !state.over && clock.next !== undefined; await turns()) clock.advance(clock.next - clock.now());
    return going;
  };
  return { clock, inner, answer };
}

test('the models of a group are called in order, each three times before the next', async () => {
  const [first, second] = [model('first', [busy, busy, busy]), model('second', [{ text: 'Here.' }])];
  const { answer } = testGateway();
  expect(await answer([first, second], ask, scope())).toMatchObject({ text: 'Here.', model: 'scripted:second' });
  expect([first.requests.length, second.requests.length]).toEqual([3, 1]);
});

test('a permanent failure is not retried: with an invalid key the next model is called at once', async () => {
  const first = model('first', [{ error: { kind: 'auth', message: 'no' } }]);
  const { answer } = testGateway();
  expect((await answer([first, model('second', [{ text: 'Here.' }])], ask, scope())).text).toBe('Here.');
  expect(first.requests).toHaveLength(1);
});

test('when all models fail, the failure has the reason of each', async () => {
  const { answer } = testGateway();
  await expect(
    answer(
      [model('a', [{ error: { kind: 'auth', message: 'no key' } }]), model('b', [busy, busy, busy])],
      ask,
      scope(),
    ),
  ).rejects.toEqual(refusal('transient', /scripted:a: no key scripted:b: busy/));
});

test('a backoff that would last beyond the deadline is not started', async () => {
  const { clock, answer } = testGateway();
  const first = model('a', [{ error: { kind: 'transient', retryAfter: 5_000 } }, { text: 'late' }]);
  await expect(answer(first, ask, scope({ deadline: clock.now() + 4_000 }))).rejects.toEqual(refusal('transient'));
  expect(first.requests).toHaveLength(1);
});

test('a model that hangs is stopped at the deadline', async () => {
  const { clock, answer } = testGateway();
  await expect(answer(model('a', [{ hang: true }]), ask, scope({ deadline: clock.now() + 4_000 }))).rejects.toEqual(
    refusal('expired'),
  );
});

test('an answer that broke off is started again, and parts of two answers are never mixed', async () => {
  const { answer } = testGateway();
  expect((await answer(model('a', [{ text: 'abcd', half: true }, { text: 'efgh' }]), ask, scope())).text).toBe('efgh');
});

test('a stream does not change models after its first part', async () => {
  const { inner } = testGateway();
  const parts: string[] = [];
  const listen = async () => {
    for await (const part of inner.stream(
      [model('a', [{ text: 'abcd', half: true }]), model('b', [{ text: 'efgh' }])],
      ask,
      scope(),
    ))
      if (part.type === 'text') parts.push(part.text);
  };
  await expect(listen()).rejects.toEqual(refusal('transient'));
  expect(parts).toEqual(['ab']);
});

test('a stream that fails before its first part goes to the next model', async () => {
  const { inner } = testGateway();
  const parts: string[] = [];
  for await (const part of inner.stream(
    [model('a', [{ error: { kind: 'auth' } }]), model('b', [{ text: 'ef' }])],
    ask,
    scope(),
  ))
    if (part.type === 'text') parts.push(part.text);
  expect(parts.join('')).toBe('ef');
});

test('a name that is neither a model nor a group is refused with what was expected', async () => {
  const { answer } = testGateway({ models: { fast: [] } });
  await expect(answer('quick', ask, scope())).rejects.toEqual(refusal('invalid', /"provider:model"/));
  await expect(answer('fast', ask, scope())).rejects.toEqual(refusal('definition', /No model was named/));
});

test('the breaker of a model opens after five failures in a row, and then lets one call through', () => {
  const circuit = breaker({ threshold: 5, pause: 1_000, longest: 3_000 });
  const failure: Failure = { kind: 'transient', message: 'busy', retryable: true };
  for (let n = 0; n < 4; n++) circuit.failed(0, failure);
  expect(circuit.allows(0)).toBe(true);
  circuit.failed(0, failure);
  expect([circuit.allows(999), circuit.allows(1_000), circuit.allows(1_001)]).toEqual([false, true, false]);
  circuit.failed(1_001, failure);
  expect([circuit.allows(3_000), circuit.allows(3_001)]).toEqual([false, true]);
  circuit.failed(3_001, { ...failure, retryAfter: 60_000 });
  expect([circuit.allows(6_000), circuit.allows(6_001)]).toEqual([false, true]);
  circuit.succeeded();
  expect([circuit.allows(6_002), circuit.allows(6_002)]).toEqual([true, true]);
});

test('a cancelled trial call does not keep the breaker open for ever', () => {
  const circuit = breaker({ threshold: 1, pause: 1_000, longest: 3_000 });
  circuit.failed(0, { kind: 'transient', message: '', retryable: true });
  expect([circuit.allows(1_000), circuit.allows(1_999), circuit.allows(2_000)]).toEqual([true, false, true]);
});

test('a broken model is skipped while its breaker is open', async () => {
  const { answer } = testGateway({ breaker: () => breaker({ threshold: 2, pause: 1e9, longest: 1e9 }) });
  const broken = model('a', [busy, busy, { text: 'back' }]);
  const other = model('b', [{ text: 'one' }, { text: 'two' }]);
  expect((await answer([broken, other], ask, scope())).text).toBe('one');
  expect((await answer([broken, other], ask, scope())).text).toBe('two');
  expect(broken.requests).toHaveLength(2);
});

test('of two model objects with one id, at two addresses, one that is down or busy does not take the other with it', async () => {
  const down = model('same', [busy, busy]);
  const other = model('same', [{ text: 'one' }, { text: 'two' }]);
  const { answer } = testGateway({ breaker: () => breaker({ threshold: 2, pause: 1e9, longest: 1e9 }) });
  expect((await answer([down, other], ask, scope())).text).toBe('one');
  expect((await answer(other, ask, scope())).text).toBe('two');
  expect(down.requests).toHaveLength(2);

  const limited = model('same', [{ error: { status: 429, retryAfter: '1h' } }]);
  const free = model('same', [{ text: 'three' }]);
  const clock = virtualClock();
  const paced = testGateway({ pace: () => pace(clock, { first: 1_000, longest: 60_000 }) });
  const began = paced.clock.now();
  expect((await paced.answer([limited, free], ask, scope())).text).toBe('three');
  expect(paced.clock.now() - began).toBeLessThan(60_000);
});

const usage = (over: Partial<Usage> = {}): Usage => ({
  inputTokens: 1_000_000,
  outputTokens: 1_000_000,
  cachedTokens: 0,
  reported: true,
  usd: null,
  ...over,
});

test.each([
  ['anthropic:claude-sonnet-4-5', {}, 18],
  ['anthropic:claude-sonnet-4-5-20250929', {}, 18],
  ['anthropic:claude-sonnet-4-5', { cachedTokens: 500_000 }, 16.65],
  ['ollama:llama3.2', {}, 0],
  ['openai:a-model-of-tomorrow', {}, null],
  ['openai:toString', {}, null],
])('%s with %o costs %s', (name, over, usd) => {
  expect(priceOf(name, usage(over))).toBe(usd);
});

test('a user’s own price goes before the table', () => {
  expect(priceOf('openai:gpt-5', usage(), { 'openai:gpt-5': { input: 1, output: 1 } })).toBe(2);
});

test.each([
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
  [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 30_000],
  [{ 'retry-after': '300' }, 300_000],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{}, undefined],
])('the headers %o give a retry delay of %s', (headers, pause) => {
  expect(retryAfterOf(headers as Record<string, string>)).toBe(pause);
});

const streaming = (stream: () => unknown): Model => ({ id: 'test:own', stream: stream as Model['stream'] });
const usage0 = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };

test('a stream that stops in the middle is given up after the shorter time limit', async () => {
  const { clock, answer } = testGateway({ patience: { first: 2_000, idle: 200 }, retry: { times: 1 } });
  const begun = clock.now();
  const stuck = streaming(async function* () {
    yield { type: 'text', text: 'Once upon' };
    await new Promise(() => {});
  });
  await expect(answer(stuck, ask, scope())).rejects.toEqual(refusal('timeout', /said nothing for 0.2s/));
  expect(clock.now() - begun).toBe(200);
});

test.each<[string, unknown, RegExp]>([
  ['a value that is not an object', null, /yielded what is no part/],
  ['an unknown part', { type: 'sound' }, /at "type"/],
  ['text without a text', { type: 'text' }, /at "text": expected string, came nothing/],
  ['a call without a call', { type: 'call' }, /at "call"/],
  [
    'arguments that JSON cannot hold',
    { type: 'call', call: { id: 'a', name: 'b', input: { n: 1n } } },
    /at "call.input/,
  ],
  ['an end without usage', { type: 'finish', reason: 'stop', model: 'm' }, /at "usage"/],
  [
    'usage that is not a number',
    { type: 'finish', reason: 'stop', model: 'm', usage: { ...usage0, inputTokens: '5' } },
    /at "usage.inputTokens"/,
  ],
  [
    'a negative price',
    { type: 'finish', reason: 'stop', model: 'm', usage: { ...usage0, usd: -10 } },
    /at "usage.usd"/,
  ],
])('a custom model that yields %s fails with its name', async (_, part, words) => {
  const { answer } = testGateway();
  const own = streaming(async function* () {
    yield part;
  });
  await expect(answer(own, ask, scope())).rejects.toEqual(refusal('format', words));
  await expect(answer(own, ask, scope())).rejects.toEqual(refusal('format', /test:own/));
});

test.each([undefined, [], Promise.resolve()])(
  'a model whose stream() returns no stream fails with the expected form: %s',
  async (stream) => {
    const { answer } = testGateway();
    await expect(
      answer(
        streaming(() => stream),
        ask,
        scope(),
      ),
    ).rejects.toEqual(refusal('definition', /async \*stream/));
  },
);

test('the error of an open breaker has the last failure of the model', async () => {
  const { answer } = testGateway({ breaker });
  const failing = model(
    'a',
    Array.from({ length: 20 }, () => busy),
  );
  for (let i = 0; i < 3; i++) await answer(failing, ask, scope()).catch(() => {});
  await expect(answer(failing, ask, scope())).rejects.toEqual(
    refusal('transient', /left alone.*The last time: .*busy/),
  );
});
