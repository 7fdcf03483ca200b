/** Answers that break off, end without a reason, or are no answers at all: with real connections, for every provider. */
import { describe, expect, test } from 'vitest';
import { gateway } from '../../src/gateway/gateway.ts';
import type { ModelRequest } from '../../src/contracts/model.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { modelAt, raw, turn, wireKeys, wireNames, wires, wireServer, type Turn, type WireName } from './wireServer.ts';

const ask: ModelRequest = {
  instructions: 'Be brief.',
  messages: [{ role: 'user', text: 'hello' }],
  tools: [{ name: 'pay', description: 'Pays.', input: { type: 'object', properties: { at: { type: 'number' } } } }],
};
const scope = () => ({ key: 'k', signal: new AbortController().signal, deadline: undefined });

/** Asks a server that answers by these turns. Gives the answer or the failure, how often it was asked, and the text as it was shown. */
async function asked(name: WireName, turns: readonly Turn[], times = 2) {
  await using server = await wireServer(wires[name].path, turns);
  const { model, baseUrls } = modelAt(name, server);
  const underTest = gateway({
    clock: systemClock(),
    env: wireKeys,
    baseUrls,
    retry: { times, backoff: 1, longest: 2 },
  });
  const shown: string[] = [];
  const outcome = await underTest
    .answer(model, ask, scope(), (part, text) => part.type === 'text' && shown.push(text))
    .catch((error: unknown) => error);
  const message = outcome instanceof Error ? outcome.message : '';
  return { outcome, message, requests: server.requests.length, shown };
}

const whole = { text: 'You must NOT press the red button.' };

describe.each(wireNames)('%s', (name) => {
  const { frames, error, openCall } = wires[name];
  const answer = turn.whole(frames(whole));
  const first = frames(whole).slice(0, 3);
  const endless = frames({ ...whole, reason: null });

  const breaks: Record<string, Turn> = {
    ...Object.fromEntries(
      [1, 2, 3].map((n) => [`the socket dies after ${n} events`, turn.dies(frames(whole).slice(0, n))]),
    ),
    'the socket dies before the headers': turn.diesAtOnce(),
    'the socket dies after the headers': turn.dies([]),
    'the stream ends without a reason': turn.whole(endless),
    'the stream ends in the middle of a call': turn.whole([...endless, ...openCall]),
    'an event is no JSON': turn.whole([...first, raw('{"choices": [{"del')]),
    'an event has another form': turn.whole([...first, raw('{"choices":"none","candidates":7,"type":42}')]),
    'the server is overloaded in the middle': turn.whole([...first, error('overloaded_error', 'Overloaded')]),
    'the server is overloaded at the beginning': turn.whole([error('overloaded_error', 'Overloaded')]),
    'a proxy sends a page with status 200': turn.body('text/html', '<html><body>Bad gateway</body></html>'),
    'the body is empty': turn.body('text/event-stream', ''),
    'the body is shorter than it should be': turn.body('text/event-stream', 'data: {"id":"c1"', 10_000),
    'an error comes with status 200': turn.body(
      'application/json',
      '{"error":{"message":"later","type":"server_error"}}',
    ),
    'the server is busy': turn.status(503, '{"error":{"message":"busy"}}'),
    'a limit was reached': turn.status(429, '{"error":{"message":"slow","type":"rate_limit_error"}}'),
  };

  test.each(Object.entries(breaks))('%s: the answer is begun anew, and is whole', async (_, broken) => {
    const { outcome, requests, shown } = await asked(name, [broken, answer]);
    expect(outcome).toMatchObject({ ...whole, reason: 'stop', calls: [] });
    expect(requests).toBe(2);
    expect(shown.at(-1)).toBe(whole.text);
  });

  test.each(Object.entries(breaks))('%s, each time: the failure is transient and says so', async (_, broken) => {
    const { outcome, message, requests } = await asked(name, [broken]);
    expect(outcome).toMatchObject({ kind: 'transient', data: { answers: 2 } });
    expect(requests).toBe(2);
    expect(message).not.toMatch(/name of the model|\[object/);
  });

  test('an answer without usage is whole once its reason is there', async () => {
    const { outcome, requests } = await asked(name, [turn.whole(frames({ ...whole, usage: null }))]);
    expect(outcome).toMatchObject({ ...whole, usage: { reported: false } });
    expect(requests).toBe(1);
  });

  test.each([
    ['a wrong key', 401, '{"error":{"message":"no","type":"authentication_error"}}', 'auth'],
    ['an account without credit', 402, '{"error":{"message":"Insufficient balance"}}', 'auth'],
    ['a quota that is used up', 429, '{"error":{"message":"quota","type":"insufficient_quota"}}', 'auth'],
    ['a request that is wrong', 400, '{"error":{"message":"no such field","type":"invalid_request_error"}}', 'invalid'],
    ['a model that is not there', 404, '{"error":{"message":"no such model","type":"not_found_error"}}', 'invalid'],
    ['a request that is too large', 413, '{"error":{"message":"large","type":"request_too_large"}}', 'model'],
  ])('%s is refused at once', async (_, status, body, kind) => {
    const { outcome, requests } = await asked(name, [turn.status(status, body), answer]);
    expect(outcome).toMatchObject({ kind });
    expect(requests).toBe(1);
  });
});

test.each(wireNames)('%s: an error in the middle of a stream counts as what it says', async (name) => {
  const { frames, error } = wires[name];
  const told = (code: string) => [
    turn.whole([...frames({ text: 'You must' }).slice(0, 2), error(code, 'It says so.')]),
  ];
  const { outcome, requests } = await asked(name, told('insufficient_quota'));
  expect(outcome).toMatchObject({ kind: 'auth' });
  expect(requests).toBe(1);
  expect((await asked(name, told('context_length_exceeded'))).outcome).toMatchObject({ kind: 'model' });
  expect((await asked(name, told('server_error'))).outcome).toMatchObject({ kind: 'transient' });
});

test.each<[WireName, object]>([
  ['openai', { error: 'It says so.' }],
  ['openai', { error: { message: 'It says so.', type: 7, code: ['x'] } }],
  ['openai-compatible', { error: { message: 'It says so.', type: null, code: null }, choices: null }],
  ['openai-compatible', { object: 'error', message: 'It says so.', type: 'server_error', code: null }],
  ['responses', { type: 'error', error: { type: 'server_error', code: null, message: 'It says so.' } }],
])('%s: an error of another form in a stream is told in its own words: %j', async (name, error) => {
  const { outcome, message, requests } = await asked(name, [turn.whole([error])]);
  expect(outcome).toMatchObject({ kind: 'transient' });
  expect(requests).toBe(2);
  expect(message).toContain('It says so.');
  expect(message).not.toContain('validation');
});

test('openai-compatible: a refusal that an event is itself is not asked for again', async () => {
  const refusal = { object: 'error', message: 'No such tool.', type: 'invalid_request_error', code: null };
  const { outcome, message, requests } = await asked('openai-compatible', [turn.whole([refusal])]);
  expect(outcome).toMatchObject({ kind: 'invalid' });
  expect(message).toContain('No such tool.');
  expect(requests).toBe(1);
});

test('responses: a refusal in a stream without a code is not asked for again', async () => {
  const refusal = { type: 'error', error: { type: 'invalid_request_error', code: null, message: 'No such tool.' } };
  const { outcome, requests } = await asked('responses', [turn.whole([refusal])]);
  expect(outcome).toMatchObject({ kind: 'invalid' });
  expect(requests).toBe(1);
});

test('an answer that is not streamed is told as what it is', async () => {
  const { message } = await asked('openai', [
    turn.body('application/json', '{"object":"chat.completion","choices":[]}'),
  ]);
  expect(message).toMatch(/application\/json came instead of a stream of events: .*chat\.completion/);
});

test.each(['error', 'network_error', 'insufficient_system_resource', 'abort', ''])(
  'the reason "%s" is that of an answer that broke off',
  async (rawReason) => {
    const broken = turn.whole(wires['openai-compatible'].frames({ ...whole, rawReason }));
    const { outcome, requests } = await asked('openai-compatible', [broken, turn.whole(wires.openai.frames(whole))]);
    expect(outcome).toMatchObject(whole);
    expect(requests).toBe(2);
  },
);

/** Events of kinds that nobody knows yet: providers say that they may add some, and that a client has to pass over them. */
const unknown: Record<WireName, readonly (readonly [string, readonly unknown[]])[]> = {
  anthropic: [
    ['event', [{ type: 'weather', sky: 'blue' }]],
    [
      'block',
      [
        { type: 'content_block_start', index: 7, content_block: { type: 'weather', sky: 'blue' } },
        { type: 'content_block_delta', index: 7, delta: { type: 'weather_delta', sky: 'grey' } },
        { type: 'content_block_delta', index: 7, delta: { type: 'input_json_delta', partial_json: '{"sky":1}' } },
        { type: 'content_block_stop', index: 7 },
      ],
    ],
    ['piece of a block', [{ type: 'content_block_delta', index: 0, delta: { type: 'weather_delta', sky: 'blue' } }]],
  ],
  openai: [
    ['event', [{ type: 'ping' }]],
    ['empty event', [{}]],
  ],
  'openai-compatible': [
    ['event', [{ type: 'ping' }]],
    ['empty event', [{}]],
  ],
  google: [
    ['event', [{ weather: 'blue' }]],
    ['part', [{ candidates: [{ content: { parts: [{ weather: 'blue' }] } }] }]],
  ],
  responses: [['event', [{ type: 'response.weather.delta', item_id: 'w', delta: 'blue' }]]],
};

test.each(wireNames.flatMap((name) => unknown[name].map(([what, events]) => [name, what, events] as const)))(
  '%s: an unknown %s in an answer is passed over',
  async (name, _, events) => {
    const frames = wires[name].frames(whole);
    const { outcome, requests } = await asked(name, [
      turn.whole([...frames.slice(0, 2), ...events, ...frames.slice(2)]),
    ]);
    expect(outcome).toMatchObject({ ...whole, reason: 'stop' });
    expect(requests).toBe(1);
  },
);

test.each([
  ['google', 'MALFORMED_RESPONSE'],
  ['google', 'UNEXPECTED_TOOL_CALL'],
  ['google', 'TOO_MANY_TOOL_CALLS'],
  ['google', 'MISSING_THOUGHT_SIGNATURE'],
  ['google', 'NO_IMAGE'],
] as const)('%s: an answer that ended with %s is asked for anew', async (name, rawReason) => {
  const { outcome, requests } = await asked(name, [
    turn.whole(wires[name].frames({ text: 'You must', rawReason })),
    turn.whole(wires[name].frames(whole)),
  ]);
  expect(outcome).toMatchObject(whole);
  expect(requests).toBe(2);
});

test.each(['pause_turn', 'compaction'])(
  'an answer of Claude that paused (%s) is not taken for a whole one',
  async (rawReason) => {
    const { outcome } = await asked('anthropic', [turn.whole(wires.anthropic.frames({ text: 'You must', rawReason }))]);
    expect(outcome).toMatchObject({ reason: 'length' });
  },
);

test('a call that Gemini could not write is asked for anew', async () => {
  const broken = turn.whole(wires.google.frames({ rawReason: 'MALFORMED_FUNCTION_CALL' }));
  const { outcome, requests } = await asked('google', [broken, turn.whole(wires.google.frames(whole))]);
  expect(outcome).toMatchObject(whole);
  expect(requests).toBe(2);
});

test('a call that takes long to write is no silence', async () => {
  await using server = await wireServer('/v1', [
    (response) => {
      const [role, ...rest] = wires.openai.frames({ calls: [{ name: 'pay', arguments: '' }] });
      const piece = (text: string) => ({
        choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: text } }] } }],
      });
      const frames = [
        role,
        rest[0],
        piece('{"at"'),
        ...Array.from({ length: 8 }, () => piece(' ')),
        piece(':1}'),
        ...rest.slice(1),
      ];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const next = () => {
        const frame = frames.shift();
        if (frame === undefined) return response.end();
        response.write(`data: ${JSON.stringify(frame)}\n\n`);
        return setTimeout(next, 40);
      };
      next();
    },
  ]);
  const { model, baseUrls } = modelAt('openai', server);
  const underTest = gateway({
    clock: systemClock(),
    env: wireKeys,
    baseUrls,
    retry: { times: 1 },
    patience: { idle: 200 },
  });
  expect(await underTest.answer(model, ask, scope())).toMatchObject({ calls: [{ input: { at: 1 } }] });
});
