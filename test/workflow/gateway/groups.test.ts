/** Model groups of a gateway file, called over HTTP at a server that does not stream. */
import { expect, test } from 'vitest';
import { groupGateway, type GroupGatewayOptions } from '../../../src/gateway/groups/groupGateway.ts';
import { gatewayProblem } from '../../../src/gateway/groups/codes.ts';
import type { GatewayFileDefinition } from '../../../src/contracts/workflow/gatewayFile.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { toFailure } from '../../../src/values/failure.ts';
import { chatServer, type Reply } from './chatServer.ts';
import { callOf, gatewayFile, mockAt } from './gatewayFile.ts';

const open = (file: GatewayFileDefinition, more: Partial<GroupGatewayOptions> = {}) =>
  groupGateway(file, { clock: virtualClock(), env: {}, retry: { times: 1 }, ...more });

const problemOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (thrown: unknown) => gatewayProblem(thrown),
  );

test('a round robin asks one model after the other, and counts calls that fail', async () => {
  await using server = await chatServer((_, nth) => (nth === 0 ? {} : { status: 400 }));
  const groups = [{ name: 'rr', models: ['mock/m1', 'mock/m2', 'mock/m3'] }];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }));
  for (let call = 0; call < 3; call++) await gateway.invoke(callOf('rr'));
  expect((await problemOf(gateway.invoke(callOf('rr')))).body.error).toBe('provider_error');
  await problemOf(gateway.invoke(callOf('rr')));
  expect(server.models).toEqual(['m1', 'm2', 'm3', 'm1', 'm2']);
});

test('a call is priced by its group, exactly', async () => {
  await using server = await chatServer();
  const warnings: string[] = [];
  const gateway = open(
    gatewayFile({
      providers: [mockAt(server.url)],
      groups: [
        {
          name: 'rr',
          models: ['mock/m1', 'mock/m2'],
          temperature: 0.7,
          pricing: [{ model: 'm1', input: 1000, output: 2000 }],
        },
        { name: 'standard', models: ['mock/gpt-4o-mini'] },
      ],
    }),
    { onWarning: (warning) => warnings.push(warning) },
  );
  expect(await gateway.invoke(callOf('rr'))).toEqual({
    content: '{"ok":true}',
    model_resolved: 'mock/m1',
    tokens_in: 100,
    tokens_out: 10,
    cost_usd: 0.12,
  });
  expect(await gateway.invoke(callOf('rr'))).toMatchObject({ model_resolved: 'mock/m2', cost_usd: 0 });
  expect(await gateway.invoke(callOf('standard'))).toMatchObject({ cost_usd: 0.000021 });
  expect(warnings).toEqual([expect.stringContaining('mock/m2')]);
});

test.each([
  ['nothing', undefined],
  ['zeros', { prompt_tokens: 0, completion_tokens: 0 }],
  ['what it was sent, and not what it wrote', { prompt_tokens: 7, completion_tokens: 0 }],
])('a call whose provider reports %s is estimated, and costs what the estimate costs', async (_, usage) => {
  const message = { role: 'assistant', content: '{"ok":true}' };
  await using server = await chatServer(() => ({ body: JSON.stringify({ choices: [{ message }], usage }) }));
  const gateway = open(
    gatewayFile({
      providers: [mockAt(server.url)],
      groups: [{ name: 'g', models: ['mock/m1'], pricing: [{ model: 'm1', input: 1000, output: 2000 }] }],
    }),
  );
  const { tokens_in, tokens_out, cost_usd } = await gateway.invoke(callOf('g'));
  expect(tokens_in).toBeGreaterThan(0);
  expect(tokens_out).toBeGreaterThan(0);
  expect(cost_usd).toBeCloseTo((tokens_in * 1000 + tokens_out * 2000) / 1e6);
});

test('a model is sent what the contract names, and a temperature only when there is one', async () => {
  await using server = await chatServer();
  const gateway = open(
    gatewayFile({
      providers: [mockAt(server.url)],
      groups: [
        { name: 'warm', models: ['mock/m1'], temperature: 0.7 },
        { name: 'plain', models: ['mock/m2'] },
      ],
    }),
  );
  await gateway.invoke(callOf('warm'));
  await gateway.invoke(callOf('warm', { temperature: 0 }));
  await gateway.invoke(callOf('plain'));
  const [warm, cold, plain] = server.asked;
  expect(warm).toMatchObject({
    authorization: 'Bearer sk-mock-key',
    body: {
      model: 'm1',
      max_tokens: 55,
      temperature: 0.7,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
    },
  });
  expect(cold?.body['temperature']).toBe(0);
  expect(plain?.body).not.toHaveProperty('temperature');
});

test('tools are offered, called, and their results given back', async () => {
  const first = { calls: [{ id: 'c1', name: 'look', arguments: { at: 'here' } }] };
  await using server = await chatServer((_, nth) => (nth === 0 ? first : { content: 'seen' }));
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups: [{ models: ['mock/m'] }] }));
  const tools = [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }];
  const asked = callOf('standard', { tools });
  const { tool_calls } = await gateway.invoke(asked);
  expect(tool_calls).toEqual([{ id: 'c1', name: 'look', arguments: { at: 'here' } }]);
  const answer = await gateway.invoke({
    ...asked,
    messages: [
      ...asked.messages,
      { role: 'assistant', content: '', tool_calls },
      { role: 'tool', content: 'a tree', tool_call_id: 'c1' },
    ],
  });
  expect(answer.content).toBe('seen');
  expect(server.asked[0]?.body['tools']).toMatchObject([{ type: 'function', function: { name: 'look' } }]);
  expect(server.asked[1]?.body['messages']).toMatchObject([
    { role: 'system' },
    { role: 'user' },
    { role: 'assistant', tool_calls: [{ id: 'c1', function: { name: 'look' } }] },
    { role: 'tool', tool_call_id: 'c1', content: 'a tree' },
  ]);
});

const failsFor = (model: string, reply: Reply) => (asked: string) => (asked === model ? reply : {});

test('a failure that may pass moves on to the next model of the group at once', async () => {
  await using server = await chatServer(failsFor('m1', { status: 503 }));
  const groups = [{ models: ['mock/m1', 'mock/m2'] }];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }), { retry: { times: 3 } });
  expect(await gateway.invoke(callOf('standard'))).toMatchObject({ model_resolved: 'mock/m2' });
  expect(server.models).toEqual(['m1', 'm2']);
});

test.each([
  ['round_robin', ['m1']],
  ['fallback', ['m1', 'm2']],
] as const)('a key that is refused ends the call of a %s group as its strategy says', async (strategy, models) => {
  await using server = await chatServer(failsFor('m1', { status: 401 }));
  const groups = [{ strategy, models: ['mock/m1', 'mock/m2'] }];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }));
  await gateway.invoke(callOf('standard')).catch(() => {});
  expect(server.models).toEqual(models);
});

test('the last model of a group is asked again after a pause', async () => {
  await using server = await chatServer((_, nth) => (nth === 0 ? { status: 429 } : {}));
  const clock = virtualClock();
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups: [{ models: ['mock/m1'] }] }), {
    clock,
    retry: { times: 3 },
    onFailure: (_model, _failure, pause) => queueMicrotask(() => clock.advance(pause ?? 0)),
  });
  expect(await gateway.invoke(callOf('standard'))).toMatchObject({ model_resolved: 'mock/m1' });
  expect(server.models).toEqual(['m1', 'm1']);
});

test('while the provider of a model is busy, calls go to the next one, and those of the last one wait', async () => {
  const clock = virtualClock();
  await using server = await chatServer((model) =>
    model === 'm1' || clock.now() < 1_700_000_001_000 ? { status: 429 } : {},
  );
  const groups = [{ strategy: 'fallback' as const, models: ['mock/m1', 'mock/m2'] }];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }), {
    clock,
    retry: { times: 5 },
    onFailure: (_model, _failure, pause) => queueMicrotask(() => clock.advance(pause ?? 0)),
  });
  expect(await gateway.invoke(callOf('standard'))).toMatchObject({ model_resolved: 'mock/m2' });
  expect(server.models.filter((model) => model === 'm1')).toHaveLength(1);
});

test('least latency asks models that it does not know, then the one that answers soonest', async () => {
  const clock = virtualClock();
  const took: Record<string, number> = { slow: 900, quick: 100, middle: 400 };
  await using server = await chatServer((model) => ({ before: () => clock.advance(took[model] ?? 0) }));
  const groups = [{ strategy: 'least_latency' as const, models: ['mock/slow', 'mock/quick', 'mock/middle'] }];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }), { clock });
  for (let call = 0; call < 5; call++) await gateway.invoke(callOf('standard'));
  expect(server.models).toEqual(['slow', 'quick', 'middle', 'quick', 'quick']);
});

test('a model that fails is not the one that answers soonest', async () => {
  await using server = await chatServer(failsFor('m1', { status: 503 }));
  const groups = [{ strategy: 'least_latency' as const, models: ['mock/m1', 'mock/m2'] }];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }));
  for (let call = 0; call < 3; call++) await gateway.invoke(callOf('standard'));
  expect(server.models).toEqual(['m1', 'm2', 'm2', 'm2']);
});

test('cost optimized asks the cheapest model, then the next; one without a price comes last', async () => {
  await using server = await chatServer(failsFor('cheap', { status: 503 }));
  const groups = [
    {
      strategy: 'cost_optimized' as const,
      models: ['mock/unknown', 'mock/dear', 'mock/cheap', 'mock/gpt-4o-mini'],
      pricing: [
        { model: 'dear', input: 10, output: 10 },
        { model: 'cheap', input: 0.01, output: 0.01 },
      ],
    },
  ];
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups }));
  expect(await gateway.invoke(callOf('standard'))).toMatchObject({ model_resolved: 'mock/gpt-4o-mini' });
  expect(server.models).toEqual(['cheap', 'gpt-4o-mini']);
});

test.each<[string, string, Reply, { status: number; error: string; retryable: boolean }]>([
  ['a group that is not declared', 'nogroup', {}, { status: 400, error: 'unknown_group', retryable: false }],
  ['a group without models', 'empty', {}, { status: 503, error: 'no_models_available', retryable: false }],
  ['an entry without a slash', 'noslash', {}, { status: 500, error: 'invalid_model_config', retryable: false }],
  ['an unknown provider', 'badprov', {}, { status: 500, error: 'provider_not_registered', retryable: false }],
  ['too many requests', 'ok', { status: 429 }, { status: 502, error: 'provider_error', retryable: true }],
  ['a server that broke', 'ok', { status: 500 }, { status: 502, error: 'provider_error', retryable: true }],
  ['a request that is refused', 'ok', { status: 404 }, { status: 502, error: 'provider_error', retryable: false }],
  ['an empty answer', 'ok', { content: '' }, { status: 500, error: 'internal_error', retryable: false }],
  ['an answer without choices', 'ok', { body: '{}' }, { status: 500, error: 'internal_error', retryable: false }],
  ['a broken answer', 'ok', { body: '{"choices":[' }, { status: 500, error: 'internal_error', retryable: false }],
  [
    'an account that has used up its quota',
    'ok',
    { status: 400, error: { code: 'insufficient_quota', message: 'no money' } },
    { status: 402, error: 'budget_exceeded', retryable: false },
  ],
  [
    'an account at its hard limit',
    'ok',
    { status: 429, error: { code: 'billing_hard_limit_reached', message: 'no money' } },
    { status: 402, error: 'budget_exceeded', retryable: false },
  ],
])('%s has a code, a status and says whether to try again', async (_, group, reply, { status, ...expected }) => {
  await using server = await chatServer(() => reply);
  const gateway = open(
    gatewayFile({
      providers: [mockAt(server.url)],
      groups: [
        { name: 'ok', models: ['mock/m'] },
        { name: 'empty', models: [] },
        { name: 'noslash', models: ['m'] },
        { name: 'badprov', models: ['nope/m'] },
      ],
    }),
  );
  const failure = await gateway.invoke(callOf(group)).then(() => undefined, toFailure);
  expect(failure?.data).toMatchObject({ code: expected.error });
  expect(gatewayProblem(failure)).toEqual({ status, body: { ...expected, message: expect.any(String) } });
  expect(gatewayProblem(failure).body.message).toContain(reply.error?.message ?? '');
});

test('a connection that is refused may be tried again', async () => {
  const groups = [{ models: ['mock/m'] }];
  const gateway = open(gatewayFile({ providers: [mockAt('http://127.0.0.1:1/v1')], groups }));
  expect(await problemOf(gateway.invoke(callOf('standard')))).toMatchObject({
    status: 502,
    body: { error: 'provider_error', retryable: true },
  });
});

test('a result without its call is refused', async () => {
  const gateway = open(gatewayFile({ providers: [mockAt('http://127.0.0.1:1/v1')], groups: [{ models: ['mock/m'] }] }));
  const messages = [{ role: 'tool' as const, content: 'x', tool_call_id: 'none' }];
  expect(await problemOf(gateway.invoke(callOf('standard', { messages })))).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  });
});

test('a key that a server repeats is hidden', async () => {
  await using server = await chatServer(() => ({ status: 400, error: { code: 'x', message: 'bad key sk-mock-key' } }));
  const gateway = open(gatewayFile({ providers: [mockAt(server.url)], groups: [{ models: ['mock/m'] }] }));
  const { body } = await problemOf(gateway.invoke(callOf('standard')));
  expect(body.message).toContain('bad key');
  expect(body.message).not.toContain('sk-mock-key');
});
