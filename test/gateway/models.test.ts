/** Models of the AI SDK as models of the gateway. */
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aiSdkModel, type LanguageModel } from '../../src/gateway/aiSdkModel.ts';
import type { Model } from '../../src/contracts/model.ts';
import { providers } from '../../src/gateway/providers.ts';
import { scriptedModel } from 'troupe/testing';
import { modelSuite } from 'troupe/testing/suites';

const mock = new LLMock({ port: 0, logLevel: 'silent' });
beforeAll(() => mock.start());
afterAll(() => mock.stop());

modelSuite('scriptedModel', {
  says: async (text) => scriptedModel([{ text, chunks: 3 }]),
  calls: async (calls) => scriptedModel([{ calls: calls.map(({ name, input }) => ({ name, input: input as never })) }]),
  hangs: async () => scriptedModel([{ hang: true }]),
});

for (const [provider, path] of Object.entries({
  anthropic: '/v1',
  openai: '/v1',
  google: '/v1beta',
  'openai-compatible': '/v1',
  openrouter: '/v1',
  ollama: '/v1',
})) {
  const open = (): Promise<Model> =>
    providers({
      env: { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k', OPENROUTER_API_KEY: 'k', GOOGLE_GENERATIVE_AI_API_KEY: 'k' },
      baseUrls: { [provider]: `${mock.url}${path}` },
    }).open(`${provider}:some-model`);
  const stop = provider === 'google' ? { finishReason: 'stop' } : {};
  modelSuite(provider, {
    says: async (content) => (mock.reset(), mock.onMessage('hello', { content }), open()),
    calls: async (calls) => (
      mock.reset(),
      mock.onMessage('hello', {
        toolCalls: calls.map(({ name, input }) => ({ name, arguments: JSON.stringify(input) })),
        ...stop,
      }),
      open()
    ),
    hangs: async () => (
      mock.reset(),
      mock.on({ userMessage: 'hello' }, { content: 'late' }, { latency: 20_000 }),
      open()
    ),
  });
}

test('the usage of a provider that reports none is estimated at four characters a token, and marked as estimated', async () => {
  const silent = {
    specificationVersion: 'v3',
    provider: 'local.chat',
    modelId: 'small',
    doStream: () =>
      Promise.resolve({
        stream: (async function* () {
          yield* [
            { type: 'text-delta', id: '1', delta: 'x'.repeat(40) },
            {
              type: 'finish',
              finishReason: { unified: 'stop', raw: 'stop' },
              usage: { inputTokens: { total: undefined }, outputTokens: { total: undefined } },
            },
          ];
        })(),
      }),
  } as unknown as LanguageModel;
  const parts = [];
  for await (const part of aiSdkModel(silent).stream(
    { instructions: 'Be brief.', messages: [], tools: [] },
    { key: 'k', signal: new AbortController().signal, deadline: undefined },
  ))
    parts.push(part);
  expect(parts.at(-1)).toMatchObject({ usage: { inputTokens: 3, outputTokens: 10, reported: false } });
});
