/** Makes a model out of a language model object of the AI SDK (specification v3). */
import type { Model } from '../contracts/model.ts';
import { lazyModule } from '../values/lazyModule.ts';
import { requireOptions } from '../values/options.ts';
import { sdkModelId, type AiSdkModelOptions, type LanguageModel } from './languageModel.ts';

export type { AiSdkModelOptions, LanguageModel };

/** What speaks with such a model: a program that defines many models may use few. */
export const sdkModelModule = lazyModule(() => import('./watchedModel.ts'));

/** Makes a model of an AI SDK object. @example agent({ model: aiSdkModel(mistral('mistral-large-latest')), … }) */
export function aiSdkModel(model: LanguageModel, options: AiSdkModelOptions = {}): Model {
  requireOptions('aiSdkModel', options, { id: true, mask: true, accepts: true, providerOptions: true });
  const id = options.id ?? sdkModelId(model);
  let made: Model | undefined;
  return {
    id,
    async *stream(...request) {
      const { watchedModel } = sdkModelModule.loaded ?? (await sdkModelModule.load());
      made ??= watchedModel(model, { ...options, id }, () => undefined);
      yield* made.stream(...request);
    },
  };
}
