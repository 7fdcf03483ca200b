/** Every provider as users open it, over a double of its server. */
import { createOpenAI } from '@ai-sdk/openai';
import type { Model } from '../../../src/contracts/model.ts';
import { aiSdkModel } from '../../../src/gateway/aiSdkModel.ts';
import { providers } from '../../../src/gateway/providers.ts';
import { anthropic } from '../doubles/anthropic.ts';
import type { Wire } from '../doubles/double.ts';
import { gemini } from '../doubles/gemini.ts';
import { openaiChat } from '../doubles/openaiChat.ts';
import { openaiResponses } from '../doubles/openaiResponses.ts';

/** A provider under test. */
export interface ProviderUnderTest {
  readonly wire: Wire;
  /** A model of it. `url`: where its server is, when `fetch` is not its double. */
  open(how: { fetch?: typeof fetch; url?: string }): Promise<Model>;
}

const named =
  (name: string, path: string): ProviderUnderTest['open'] =>
  ({ fetch, url = 'http://double.invalid' }) =>
    providers({
      env: { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k', OPENROUTER_API_KEY: 'k', GEMINI_API_KEY: 'k' },
      baseUrls: Object.fromEntries(
        ['anthropic', 'openai', 'google', 'openai-compatible', 'openrouter', 'ollama'].map((each) => [
          each,
          `${url}${path}`,
        ]),
      ),
      ...(fetch ? { fetch } : {}),
    }).open(name);

export const wires: Readonly<Record<string, ProviderUnderTest>> = {
  'openai, chat': { wire: openaiChat(), open: named('openai:gpt-4o', '/v1') },
  'openai, responses': {
    wire: openaiResponses,
    open: ({ fetch, url = 'http://double.invalid' }) =>
      Promise.resolve(
        aiSdkModel(createOpenAI({ apiKey: 'k', baseURL: `${url}/v1`, ...(fetch ? { fetch } : {}) }).responses('gpt-5')),
      ),
  },
  anthropic: { wire: anthropic, open: named('anthropic:claude-sonnet-4-5', '/v1') },
  'google, gemini 2.5': { wire: gemini(), open: named('google:gemini-2.5-flash', '/v1beta') },
  'google, gemini 3': { wire: gemini(true), open: named('google:gemini-3-pro-preview', '/v1beta') },
  'openai-compatible': { wire: openaiChat(true), open: named('openai-compatible:local', '/v1') },
  openrouter: { wire: openaiChat(), open: named('openrouter:minimax/minimax-m2', '/v1') },
  ollama: { wire: openaiChat(true), open: named('ollama:llama3.2', '/v1') },
};
