/** Opens models by name, `provider:model`, when they are first used, with the key from the environment. */
import { TroupeError } from '../values/failure.ts';
import type { MediaKind } from '../contracts/media.ts';
import type { Model } from '../contracts/model.ts';
import { redactor } from '../observe/redactor.ts';
import { aiSdkModel, type LanguageModel } from './aiSdkModel.ts';

/** How providers of models are reached. */
export interface ProviderOptions {
  /** Environment variables with their keys and URLs. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The function that sends requests; the `fetch` of the platform by default. */
  readonly fetch?: typeof fetch;
  /** What models take beside text, by `provider:model`: `{ 'ollama:my-model': ['image'] }`; what is known of their names by default. */
  readonly accepts?: Readonly<Record<string, readonly MediaKind[]>>;
  /** Base URLs instead of the providers' own, by provider: `{ openai: 'http://127.0.0.1:8080/v1' }`; none by default. */
  readonly baseUrls?: Readonly<Record<string, string>>;
}

interface Provider {
  /** Environment variables of the key, in order of preference; none when no key is needed. */
  readonly keys: readonly string[];
  readonly baseUrl: string;
  readonly defaultUrl?: string;
  readonly package: string;
  open(settings: { apiKey: string; baseURL?: string; fetch?: typeof fetch }, model: string): Promise<LanguageModel>;
}

const table: Readonly<Record<string, Provider>> = {
  anthropic: {
    keys: ['ANTHROPIC_API_KEY'],
    baseUrl: 'ANTHROPIC_BASE_URL',
    package: '@ai-sdk/anthropic',
    open: async (settings, model) => (await import('@ai-sdk/anthropic')).createAnthropic(settings)(model),
  },
  openai: {
    keys: ['OPENAI_API_KEY'],
    baseUrl: 'OPENAI_BASE_URL',
    package: '@ai-sdk/openai',
    open: async (settings, model) => (await import('@ai-sdk/openai')).createOpenAI(settings).chat(model),
  },
  google: {
    keys: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY'],
    baseUrl: 'GOOGLE_BASE_URL',
    package: '@ai-sdk/google',
    open: async (settings, model) => (await import('@ai-sdk/google')).createGoogleGenerativeAI(settings)(model),
  },
  'openai-compatible': {
    keys: [],
    baseUrl: 'OPENAI_COMPATIBLE_BASE_URL',
    package: '@ai-sdk/openai-compatible',
    open: (settings, model) => compatible('openai-compatible', settings, model),
  },
  ollama: {
    keys: [],
    baseUrl: 'OLLAMA_BASE_URL',
    defaultUrl: 'http://127.0.0.1:11434/v1',
    package: '@ai-sdk/openai-compatible',
    open: (settings, model) => compatible('ollama', settings, model),
  },
};

/** Environment variables that hold the keys of models. */
export const modelKeyVariables: readonly string[] = Object.values(table).flatMap(({ keys }) => keys);

async function compatible(
  name: string,
  { baseURL, ...rest }: { apiKey: string; baseURL?: string; fetch?: typeof fetch },
  model: string,
): Promise<LanguageModel> {
  if (baseURL === undefined)
    throw new TroupeError(
      'invalid',
      `"${name}:${model}" needs an address. Set OPENAI_COMPATIBLE_BASE_URL, such as http://127.0.0.1:8000/v1.`,
    );
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  return createOpenAICompatible({ ...rest, name, baseURL, includeUsage: true })(model);
}

/** Opens models by name; the same name is the same model. Throws TroupeError `invalid` (no such provider), `auth` (no key), `environment` (package missing). */
export function providers({
  env,
  fetch,
  baseUrls = {},
  accepts = {},
}: ProviderOptions): (name: string) => Promise<Model> {
  const opened = new Map<string, Promise<Model>>();
  // Every error message passes through this mask: a server that repeats a key, its own or another's, does not spread it.
  const mask = redactor(
    Object.entries(env).flatMap(([name, value]) => (name.endsWith('_API_KEY') && value ? [value] : [])),
  );

  async function open(name: string): Promise<Model> {
    const colon = name.indexOf(':');
    const [provider, model] = [name.slice(0, colon), name.slice(colon + 1)];
    const found = colon > 0 && Object.hasOwn(table, provider) ? table[provider] : undefined;
    if (!found || model === '') {
      throw new TroupeError(
        'invalid',
        `A model is named "provider:model", with one of ${Object.keys(table).join(', ')}, or is the name of a group; got ${JSON.stringify(name)}.`,
      );
    }
    const apiKey =
      found.keys.map((key) => env[key]).find((key) => key !== undefined && key !== '') ??
      env[`${provider.replaceAll('-', '_').toUpperCase()}_API_KEY`];
    if (apiKey === undefined && found.keys.length > 0) {
      throw new TroupeError('auth', `"${name}" needs a key. Set ${found.keys.join(' or ')}.`, {
        data: { provider, env: [...found.keys] },
      });
    }
    const baseURL = baseUrls[provider] ?? env[found.baseUrl] ?? found.defaultUrl;
    try {
      const inner = await found.open(
        { apiKey: apiKey ?? '', ...(baseURL === undefined ? {} : { baseURL }), ...(fetch ? { fetch } : {}) },
        model,
      );
      return aiSdkModel(inner, {
        id: name,
        mask,
        ...(accepts[name] === undefined ? {} : { accepts: accepts[name] }),
      });
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND')) throw thrown;
      throw new TroupeError(
        'environment',
        `"${name}" needs the package ${found.package}. Run: npm install ${found.package}`,
        { cause: thrown, data: { gone: true } },
      );
    }
  }

  return (name) => {
    const known = opened.get(name) ?? open(name);
    opened.set(name, known);
    // A failure is forgotten: the key may be set before the next call.
    known.catch(() => opened.delete(name));
    return known;
  };
}
