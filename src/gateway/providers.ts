/** Opens models by name, `provider:model`, when they are first used, with the key from the environment or from a secret. */
import { TroupeError } from '../values/failure.ts';
import { loadOptional, type OptionalPackage } from '../values/optional.ts';
import type { MediaKind } from '../contracts/media.ts';
import type { Model } from '../contracts/model.ts';
import { redactor } from '../observe/redactor.ts';
import { patientFetch } from '../security/patientFetch.ts';
import { sdkModelModule } from './aiSdkModel.ts';
import type { LanguageModel } from './languageModel.ts';
import { providerAddress, type ProviderAddress } from './address.ts';
import { modelKey, type KeyPlaces, type CredentialSource, type ModelKey } from './modelKeys.ts';
import { reasoningDetails } from './reasoningDetails.ts';
import { receiver } from './received.ts';
import { providerFetch } from './redirects.ts';

/** How providers of models are reached. */
export interface ProviderOptions extends KeyPlaces {
  /** Environment variables with their keys and URLs. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The function that sends requests; the `fetch` of the platform by default. */
  readonly fetch?: typeof fetch;
  /** What models take beside text, by `provider:model`: `{ 'ollama:my-model': ['image'] }`; what is known of their names by default. */
  readonly accepts?: Readonly<Record<string, readonly MediaKind[]>>;
  /** Base URLs instead of the providers' own, by provider: `{ openai: 'http://127.0.0.1:8080/v1' }`; none by default. */
  readonly baseUrls?: Readonly<Record<string, string>>;
}

interface ProviderSettings {
  readonly apiKey: string;
  readonly baseURL: string;
  readonly fetch: typeof fetch;
}

interface Provider {
  /** Environment variables of the key, in order of preference; none when no key is needed. */
  readonly keys: readonly string[];
  readonly baseUrl: string;
  /** Given to the client in any case: it would look into the environment of the process by itself. */
  readonly defaultUrl?: string;
  readonly package: OptionalPackage;
  /** The key is sent in the header Authorization. */
  readonly authorization: boolean;
  open(settings: ProviderSettings, model: string): Promise<LanguageModel>;
}

const table: Readonly<Record<string, Provider>> = {
  anthropic: {
    keys: ['ANTHROPIC_API_KEY'],
    baseUrl: 'ANTHROPIC_BASE_URL',
    defaultUrl: 'https://api.anthropic.com/v1',
    package: '@ai-sdk/anthropic',
    authorization: false,
    open: async (settings, model) => (await import('@ai-sdk/anthropic')).createAnthropic(settings)(model),
  },
  openai: {
    keys: ['OPENAI_API_KEY'],
    baseUrl: 'OPENAI_BASE_URL',
    defaultUrl: 'https://api.openai.com/v1',
    package: '@ai-sdk/openai',
    authorization: true,
    open: async (settings, model) => (await import('@ai-sdk/openai')).createOpenAI(settings).chat(model),
  },
  google: {
    keys: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY'],
    baseUrl: 'GOOGLE_BASE_URL',
    defaultUrl: 'https://generativelanguage.googleapis.com/v1beta',
    package: '@ai-sdk/google',
    authorization: false,
    open: async (settings, model) => (await import('@ai-sdk/google')).createGoogleGenerativeAI(settings)(model),
  },
  'openai-compatible': {
    keys: [],
    baseUrl: 'OPENAI_COMPATIBLE_BASE_URL',
    package: '@ai-sdk/openai-compatible',
    authorization: true,
    open: (settings, model) => compatible('openai-compatible', settings, model),
  },
  openrouter: {
    keys: ['OPENROUTER_API_KEY'],
    baseUrl: 'OPENROUTER_BASE_URL',
    defaultUrl: 'https://openrouter.ai/api/v1',
    package: '@ai-sdk/openai-compatible',
    authorization: true,
    open: (settings, model) => compatible('openrouter', settings, model),
  },
  ollama: {
    keys: [],
    baseUrl: 'OLLAMA_BASE_URL',
    defaultUrl: 'http://127.0.0.1:11434/v1',
    package: '@ai-sdk/openai-compatible',
    authorization: true,
    open: (settings, model) => compatible('ollama', settings, model),
  },
};

/** Environment variables that hold the keys of models. */
export const modelKeyVariables: readonly string[] = Object.values(table).flatMap(({ keys }) => keys);

/** The names of all providers. */
export const providerNames: readonly string[] = Object.keys(table);

async function compatible(name: string, settings: ProviderSettings, model: string): Promise<LanguageModel> {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  return createOpenAICompatible({ ...settings, name, includeUsage: true, metadataExtractor: reasoningDetails })(model);
}

/** A model, and where its provider is. */
export interface ProviderModel {
  /** What it is called in answers and errors. */
  readonly id: string;
  /** The provider's own name of the model. */
  readonly model: string;
  /** Empty when none is sent. */
  readonly apiKey: string;
  readonly address: ProviderAddress;
  /** Sends requests. */
  readonly send: typeof fetch;
  /** Hidden in every error, beside what is secret in the address. */
  readonly secrets: readonly string[];
  /** What it takes beside text; what is known of its name by default. */
  readonly accepts?: readonly MediaKind[];
  /** Two messages of the user in a row stay two; false by default. */
  readonly apart?: boolean;
}

/** Opens a model of a provider whose address and key are known. Throws TroupeError `environment` when its package is missing. */
export async function openProviderModel(provider: keyof typeof table, settings: ProviderModel): Promise<Model> {
  const found = table[provider];
  if (found) return openAt(found, settings);
  throw new TroupeError('invalid', `There is no provider "${provider}"; there are ${providerNames.join(', ')}.`);
}

async function openAt(
  provider: Provider,
  { id, model, apiKey, address, send, secrets, accepts, apart = false }: ProviderModel,
): Promise<Model> {
  // Every error message passes through this mask: a server that repeats a key, its own or another's, does not spread it.
  const mask = redactor([...secrets, ...address.secrets]);
  const { fetch: watched, receivedFor } = receiver(address.wrap(providerFetch(send)));
  const inner = await loadOptional(provider.package, `"${id}" needs`, () =>
    provider.open({ apiKey, baseURL: address.baseURL, fetch: watched }, model),
  );
  const { watchedModel } = sdkModelModule.loaded ?? (await sdkModelModule.load());
  return watchedModel(inner, { id, mask, apart, ...(accepts === undefined ? {} : { accepts }) }, receivedFor);
}

/** The models of all providers. */
export interface Providers {
  /** Opens a model; the same name is the same model while its key is the same. Rejects with `invalid` (no such provider), `auth` (no key), `environment` (package missing). */
  open(name: string): Promise<Model>;
  /** Where the key of a model came from when it was opened last; undefined for one that has none, or was not opened. */
  credentialSource(name: string): CredentialSource | undefined;
}

/** Opens models by name. */
export function providers({ env, fetch, baseUrls = {}, accepts = {}, ...places }: ProviderOptions): Providers {
  const opened = new Map<string, Promise<Model>>();
  const latest = new Map<string, ModelKey | undefined>();
  const keys = () =>
    Object.entries(env).flatMap(([name, value]) => (name.endsWith('_API_KEY') && value ? [value] : []));
  const send: typeof globalThis.fetch = fetch ?? patientFetch;

  function parsed(name: string): { readonly provider: string; readonly model: string; readonly found: Provider } {
    const colon = name.indexOf(':');
    const [provider, model] = [name.slice(0, colon), name.slice(colon + 1)];
    const found = colon > 0 && Object.hasOwn(table, provider) ? table[provider] : undefined;
    if (found && model !== '') return { provider, model, found };
    throw new TroupeError(
      'invalid',
      `A model is named "provider:model", with one of ${providerNames.join(', ')}, or is the name of a group; got ${JSON.stringify(name)}.`,
    );
  }

  async function open(name: string, { provider, model, found }: ReturnType<typeof parsed>, key = ''): Promise<Model> {
    return openAt(found, {
      id: name,
      model,
      apiKey: key,
      address: addressOf(name, provider, found, key),
      send,
      secrets: [...keys(), key],
      ...(accepts[name] === undefined ? {} : { accepts: accepts[name] }),
    });
  }

  function addressOf(name: string, provider: string, { baseUrl, defaultUrl, authorization }: Provider, key = '') {
    const given = baseUrls[provider];
    const [written, from] =
      given === undefined ? [env[baseUrl]?.trim() || defaultUrl, baseUrl] : [given, `gateway.baseUrls.${provider}`];
    if (written !== undefined) return providerAddress(written, { from, authorized: authorization && key !== '' });
    throw new TroupeError('invalid', `"${name}" needs an address. Set ${baseUrl}, such as http://127.0.0.1:8000/v1.`);
  }

  return {
    async open(name) {
      const parts = parsed(name);
      const { provider, found } = parts;
      const own = `${provider.replaceAll('-', '_').toUpperCase()}_API_KEY`;
      const key = await modelKey(
        { env, ...places },
        {
          model: name,
          provider,
          variables: found.keys.includes(own) ? found.keys : [...found.keys, own],
          isNeeded: found.keys.length > 0,
        },
      );
      // A model with another key is another one.
      if (latest.get(name)?.key !== key?.key) opened.delete(name);
      latest.set(name, key);
      const known = opened.get(name) ?? open(name, parts, key?.key);
      opened.set(name, known);
      // A failure is forgotten: a package or an address may be there before the next call.
      known.catch(() => opened.get(name) === known && opened.delete(name));
      return known;
    },
    credentialSource: (name) => latest.get(name)?.source,
  };
}
