/** How a language model object of the AI SDK (specification v3) is asked: one call, without loops or retries of the SDK. */
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { Model, ModelRequest, ProviderContent, ToolCall } from '../contracts/model.ts';
import type { JsonObject } from '../values/json.ts';
import { sdkModelId, type AiSdkModelOptions, type LanguageModel } from './languageModel.ts';
import { modelTarget } from './outgoing/capabilities.ts';
import { outgoing, type OutgoingRequest } from './outgoing/outgoing.ts';
import type { Target } from './outgoing/target.ts';
import { contentCollector, type ContentCollector } from './providerContent.ts';
import type { Received } from './received.ts';
import { sdkAnswer } from './sdkAnswer.ts';

/** The model, with what is received for a request by the signal that it is sent with. */
export function watchedModel(
  model: LanguageModel,
  {
    id = sdkModelId(model),
    mask = (text) => text,
    accepts,
    providerOptions = {},
    apart = false,
  }: AiSdkModelOptions & Partial<Pick<Target, 'apart'>>,
  receivedFor: (signal: AbortSignal) => Received | undefined,
): Model {
  const toSend = outgoing(modelTarget({ id, provider: model.provider, model: model.modelId, apart }, accepts));
  const settings = mergedOptions(providerDefaults(model.provider), providerOptions);
  return {
    id,
    async *stream(request, { signal }) {
      const sent = toSend(request);
      const collector = contentCollector();
      const open = () => watched(model.doStream(optionsOf(request, sent, signal, settings)), collector);
      const parts = sdkAnswer(open, { id, request, mask, received: () => receivedFor(signal) });
      for await (const part of parts) {
        if (part.type === 'call') yield { type: 'call', call: ownCall(part.call, sent) };
        else if (part.type === 'finish') {
          yield* collector.media;
          yield { ...part, ...providerOf(collector.content(id)) };
        } else yield part;
      }
    },
  };
}

type SdkStream = Awaited<ReturnType<LanguageModelV3['doStream']>>;

/** The same stream; the collector sees each of its parts. */
async function watched(
  opened: PromiseLike<SdkStream>,
  collector: ContentCollector,
): Promise<Pick<SdkStream, 'stream'>> {
  // Only iterated, as every web stream can be in Node; its type does not say so.
  const parts = (await opened).stream as unknown as AsyncIterable<LanguageModelV3StreamPart>;
  async function* seen() {
    for await (const part of parts) {
      collector.take(part);
      yield part;
    }
  }
  return { stream: seen() as unknown as SdkStream['stream'] };
}

/** The call under the names of the tool's own schema. */
const ownCall = (call: ToolCall, { ownName, ownInput }: OutgoingRequest): ToolCall => ({
  ...call,
  name: ownName(call.name),
  input: ownInput(call.name, call.input),
});

const providerOf = (provider: ProviderContent | undefined) => (provider === undefined ? {} : { provider });

/** By provider: what the user sets stands. */
const mergedOptions = (
  defaults: SharedV3ProviderOptions,
  given: Readonly<Record<string, JsonObject>>,
): SharedV3ProviderOptions => ({
  ...defaults,
  ...Object.fromEntries(
    // JSON of ours is read-only, which the SDK's type for it does not say.
    Object.entries(given as SharedV3ProviderOptions).map(([name, own]) => [name, { ...defaults[name], ...own }]),
  ),
});

function optionsOf(
  { maxOutputTokens, temperature }: ModelRequest,
  { options }: OutgoingRequest,
  abortSignal: AbortSignal,
  providerOptions: SharedV3ProviderOptions,
): LanguageModelV3CallOptions {
  return {
    ...options,
    abortSignal,
    providerOptions,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

/** The reasoning of this provider is kept by us: the provider need not store it, and is given back all of it. */
const providerDefaults = (provider: string): SharedV3ProviderOptions =>
  provider.endsWith('.responses') ? { openai: { store: false } } : {};
