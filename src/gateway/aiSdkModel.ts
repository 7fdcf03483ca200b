/** Makes a model out of a language model object of the AI SDK (specification v3): one call, without loops or retries of the SDK. */
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import { TroupeError } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';
import { cutText } from '../values/text.ts';
import type { MediaKind } from '../contracts/media.ts';
import type {
  FinishReason,
  Model,
  ModelPart,
  ModelRequest,
  ProviderContent,
  ToolCall,
  Usage,
} from '../contracts/model.ts';
import { modelTarget } from './outgoing/capabilities.ts';
import { outgoing, type OutgoingRequest } from './outgoing/outgoing.ts';
import { contentCollector, type ContentCollector } from './providerContent.ts';
import { toProviderError } from './providerErrors.ts';

/** A language model object of the AI SDK, such as `mistral('mistral-large-latest')`. */
export type LanguageModel = LanguageModelV3;

/** Options of `aiSdkModel`. */
export interface AiSdkModelOptions {
  /** The id of the model, `provider:model`; made of the object's own names by default. */
  readonly id?: string;
  /** Applied to the text of every error, to hide secrets; changes nothing by default. */
  readonly mask?: (text: string) => string;
  /** What it takes beside text: `['image']`, `['image', 'audio', 'file']`; what is known of its name by default. */
  readonly accepts?: readonly MediaKind[];
  /** Settings of the provider for every call, such as `{ anthropic: { thinking: { type: 'enabled', budgetTokens: 4000 } } }`; none by default. */
  readonly providerOptions?: Readonly<Record<string, JsonObject>>;
}

/** Makes a model of an AI SDK object. @example agent({ model: aiSdkModel(mistral('mistral-large-latest')), … }) */
export function aiSdkModel(
  model: LanguageModel,
  {
    id = `${model.provider.split('.')[0]}:${model.modelId}`,
    mask = (text) => text,
    accepts,
    providerOptions = {},
  }: AiSdkModelOptions = {},
): Model {
  const toSend = outgoing(modelTarget({ id, provider: model.provider, model: model.modelId }, accepts));
  const settings = mergedOptions(providerDefaults(model.provider), providerOptions);
  return {
    id,
    async *stream(request, { signal }) {
      const sent = toSend(request);
      const collector = contentCollector();
      const open = () => watched(model.doStream(optionsOf(request, sent, signal, settings)), collector);
      for await (const part of sdkAnswer(open, { id, request, mask })) {
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

async function* sdkAnswer(
  open: () => PromiseLike<Pick<SdkStream, 'stream'>>,
  {
    id,
    request,
    mask,
  }: { readonly id: string; readonly request: ModelRequest; readonly mask: (text: string) => string },
): AsyncGenerator<ModelPart> {
  try {
    const { stream } = await open();
    let said = 0;
    // A web stream can be iterated in Node; its type does not say so.
    for await (const part of stream as unknown as AsyncIterable<LanguageModelV3StreamPart>) {
      said += lengthOf(part);
      const ours = partOf(part, id, request, said);
      if (ours) yield ours;
    }
  } catch (thrown) {
    throw toProviderError(id, thrown, mask);
  }
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

/** Characters that the model wrote. */
function lengthOf(part: LanguageModelV3StreamPart): number {
  if (part.type === 'text-delta' || part.type === 'reasoning-delta') return part.delta.length;
  return part.type === 'tool-call' ? part.toolName.length + part.input.length : 0;
}

function partOf(
  part: LanguageModelV3StreamPart,
  id: string,
  request: ModelRequest,
  said: number,
): ModelPart | undefined {
  switch (part.type) {
    case 'text-delta':
      return part.delta === '' ? undefined : { type: 'text', text: part.delta };
    case 'reasoning-delta':
      return { type: 'reasoning', text: part.delta };
    case 'tool-call':
      return { type: 'call', call: parseToolCall(part.toolCallId, part.toolName, part.input) };
    case 'error':
      throw part.error;
    case 'finish':
      if (part.finishReason.unified === 'error') throw new TroupeError('transient', `${id} broke off its answer.`);
      return {
        type: 'finish',
        reason: reasons[part.finishReason.unified],
        usage: usageOf(part.usage, request, said),
        model: id,
      };
    default:
      return undefined;
  }
}

/** The tool call that a model wrote. Arguments that are not JSON are kept as they were written. */
export function parseToolCall(id: string, name: string, written: string): ToolCall {
  try {
    const input: ToolCall['input'] = written.trim() === '' ? {} : JSON.parse(written);
    return { id, name, input };
  } catch {
    return { id, name, input: null, unreadable: cutText(written, 10_000) };
  }
}

const reasons = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'refused',
  'tool-calls': 'calls',
  error: 'other',
  other: 'other',
} as const satisfies Record<string, FinishReason>;

function usageOf({ inputTokens, outputTokens }: LanguageModelV3Usage, request: ModelRequest, said: number): Usage {
  const reported = inputTokens.total !== undefined && outputTokens.total !== undefined;
  return {
    inputTokens: inputTokens.total ?? tokens(lengthOfRequest(request)),
    outputTokens: outputTokens.total ?? tokens(said),
    cachedTokens: inputTokens.cacheRead ?? 0,
    reported,
    usd: null,
  };
}

/** Four characters are about a token: an estimate for providers that do not count. */
const tokens = (characters: number): number => Math.ceil(characters / 4);

const lengthOfRequest = ({ instructions, messages }: ModelRequest): number =>
  instructions.length + JSON.stringify(messages).length;
