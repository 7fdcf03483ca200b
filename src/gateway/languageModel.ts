/** A language model object of the AI SDK, and what it is taken with. */
import type { LanguageModelV3 } from '@ai-sdk/provider';
import type { MediaKind } from '../contracts/media.ts';
import type { JsonObject } from '../values/json.ts';

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

/** A model's own names as an id, `provider:model`. */
export const sdkModelId = ({ provider, modelId }: Pick<LanguageModel, 'provider' | 'modelId'>): string =>
  `${provider.split('.')[0]}:${modelId}`;
