/** Makes a model out of a language model object of the AI SDK (specification v3): one call, without loops or retries of the SDK. */
import type { LanguageModelV3, LanguageModelV3CallOptions, LanguageModelV3Prompt } from '@ai-sdk/provider';
import type { Message, Model, ModelRequest } from '../contracts/model.ts';
import type { Received } from './received.ts';
import { sdkAnswer } from './sdkAnswer.ts';

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
export const aiSdkModel = (model: LanguageModel, options: AiSdkModelOptions = {}): Model =>
  watchedModel(model, options, () => undefined);

/** The same with what is received for a request, by the signal that it is sent with. */
export function watchedModel(
  model: LanguageModel,
  { id = `${model.provider.split('.')[0]}:${model.modelId}`, mask = (text) => text }: AiSdkModelOptions,
  receivedFor: (signal: AbortSignal) => Received | undefined,
): Model {
  return {
    id,
    stream: (request, { signal }) =>
      sdkAnswer(() => model.doStream(optionsOf(request, signal)), {
        id,
        request,
        mask,
        received: () => receivedFor(signal),
      }),
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
