/** Makes a model out of a language model object of the AI SDK (specification v3). */
import type { Model } from '../contracts/model.ts';
import { requireOptions } from '../values/options.ts';
import { sdkModelId, type AiSdkModelOptions, type LanguageModel } from './languageModel.ts';

export type { AiSdkModelOptions, LanguageModel };

/** Makes a model of an AI SDK object. @example agent({ model: aiSdkModel(mistral('mistral-large-latest')), … }) */
export function aiSdkModel(model: LanguageModel, options: AiSdkModelOptions = {}): Model {
  requireOptions('aiSdkModel', options, { id: true, mask: true, accepts: true, providerOptions: true });
  const id = options.id ?? sdkModelId(model);
  let made: Promise<Model> | undefined;
  // What speaks with it is loaded with its first request: a program that defines many models may use few.
  const make = async () => (await import('./watchedModel.ts')).watchedModel(model, { ...options, id }, () => undefined);
  return {
    id,
    async *stream(...request) {
      yield* (await (made ??= make())).stream(...request);
    },
  };
}
