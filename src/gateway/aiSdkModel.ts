/** Makes a model out of a language model object of the AI SDK (specification v3): one call, without loops or retries of the SDK. */
import { requireOptions } from '../values/options.ts';
import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Prompt,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from '@ai-sdk/provider';
import { TroupeError } from '../values/failure.ts';
import type { FinishReason, Message, Model, ModelPart, ModelRequest, ToolCall, Usage } from '../contracts/model.ts';
import { toProviderError } from './providerErrors.ts';

/** A language model object of the AI SDK, such as `mistral('mistral-large-latest')`. */
export type LanguageModel = LanguageModelV3;

/** Options of `aiSdkModel`. */
export interface AiSdkModelOptions {
  /** The id of the model, `provider:model`; made of the object's own names by default. */
  readonly id?: string;
  /** Applied to the text of every error, to hide secrets; changes nothing by default. */
  readonly mask?: (text: string) => string;
}

/** Makes a model of an AI SDK object. @example agent({ model: aiSdkModel(mistral('mistral-large-latest')), … }) */
export function aiSdkModel(model: LanguageModel, options: AiSdkModelOptions = {}): Model {
  requireOptions('aiSdkModel', options, { id: true, mask: true });
  const { id = `${model.provider.split('.')[0]}:${model.modelId}`, mask = (text) => text } = options;
  return {
    id,
    async *stream(request, { signal }) {
      try {
        const { stream } = await model.doStream(optionsOf(request, signal));
        // A web stream can be iterated in Node; its type does not say so.
        let said = 0;
        for await (const part of stream as unknown as AsyncIterable<LanguageModelV3StreamPart>) {
          said += lengthOf(part);
          const ours = partOf(part, id, request, said);
          if (ours) yield ours;
        }
      } catch (thrown) {
        throw toProviderError(id, thrown, mask);
      }
    },
  };
}

function optionsOf(
  { instructions, messages, tools, maxOutputTokens, temperature }: ModelRequest,
  abortSignal: AbortSignal,
): LanguageModelV3CallOptions {
  return {
    prompt: [
      ...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
      ...promptOf(messages),
    ],
    abortSignal,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(tools.length === 0
      ? {}
      : // The SDK's JSON Schema type is an older draft's; what we use means the same in both.
        {
          tools: tools.map(({ name, description, input }) => ({
            type: 'function' as const,
            name,
            description,
            inputSchema: input as never,
          })),
          toolChoice: { type: 'auto' as const },
        }),
  };
}

const promptOf = (messages: readonly Message[]): LanguageModelV3Prompt =>
  messages.map((message) => {
    switch (message.role) {
      case 'user':
        return { role: 'user', content: [{ type: 'text', text: message.text }] };
      case 'assistant':
        return {
          role: 'assistant',
          content: [
            ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
            ...message.calls.map(({ id, name, input }) => ({
              type: 'tool-call' as const,
              toolCallId: id,
              toolName: name,
              input,
            })),
          ],
        };
      case 'tool':
        return {
          role: 'tool',
          content: message.results.map(({ id, name, ok, content }) => ({
            type: 'tool-result' as const,
            toolCallId: id,
            toolName: name,
            output: { type: ok ? ('text' as const) : ('error-text' as const), value: content },
          })),
        };
    }
  });

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
    return { id, name, input: null, unreadable: written.slice(0, 10_000) };
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
