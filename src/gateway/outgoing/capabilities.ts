/** What is known of models: which images, audio and files they take, and which form their provider wants. An option of the user says it better. */
import type { MediaKind } from '../../contracts/media.ts';
import type { Target } from './target.ts';

/** What a model is known by. */
export interface ModelFacts {
  /** `provider:model`. */
  readonly id: string;
  /** The provider's name of the AI SDK, such as `openai.chat`. */
  readonly provider: string;
  /** The provider's name of the model. */
  readonly model: string;
  /** As in `Target`; false by default. */
  readonly apart?: boolean;
}

/** `accepts`: what the model takes, when the user says so. */
export function modelTarget(
  { id, provider, model, apart = false }: ModelFacts,
  accepts?: readonly MediaKind[],
): Target {
  const wire = wires.find(({ named }) => named.test(provider)) ?? compatible;
  const kinds = accepts ?? knownKinds(provider, model);
  return {
    id,
    schemas: /google|vertex/i.test(provider) || /gemini|gemma/i.test(model) ? 'gemini' : 'references',
    accepts: (kind, mediaType) => kinds.includes(kind) && wire.takes.test(mediaType),
    resultMedia: wire.resultMedia,
    apart,
  };
}

interface Wire {
  /** The providers that speak it. */
  readonly named: RegExp;
  /** The media types that it can carry. */
  readonly takes: RegExp;
  readonly resultMedia: Target['resultMedia'];
}

const images = 'image/(png|jpeg|gif|webp)';
const compatible: Wire = {
  named: /./,
  takes: new RegExp(`^(${images}|audio/(wav|mp3|mpeg)|application/pdf)$`),
  resultMedia: 'message',
};
const wires: readonly Wire[] = [
  { named: /anthropic/i, takes: new RegExp(`^(${images}|application/pdf)$`), resultMedia: 'result' },
  {
    named: /google|vertex/i,
    takes:
      /^(image\/(png|jpeg|webp|heic|heif)|audio\/(wav|mp3|mpeg|aiff|aac|ogg|flac)|video\/[\w.-]+|application\/pdf)$/,
    resultMedia: 'result',
  },
  { named: /\.responses$/, takes: new RegExp(`^(${images}|application/pdf)$`), resultMedia: 'result' },
];

/** By the names of models; nothing for a model that is not known. */
function knownKinds(provider: string, model: string): readonly MediaKind[] {
  const name = model.toLowerCase();
  if (/claude/.test(name)) return /claude-(1|2|instant)/.test(name) ? [] : ['image', 'file'];
  if (/gemini/.test(name)) return /^gemini-1\.0-pro$|embedding/.test(name) ? [] : ['image', 'audio', 'file'];
  if (/(gpt-4o|gpt-audio).*audio|gpt-audio/.test(name)) return ['audio'];
  if (/(^|[/.])(gpt-3|o1-mini|o1-preview|o3-mini|gpt-4-\d{4}|gpt-4$|gpt-oss)/.test(name)) return [];
  if (/(^|[/.])(gpt-(4o|4\.\d|4-turbo|4-vision|[5-9])|chatgpt-4o|o[1-9])/.test(name))
    return /openai|azure/.test(provider) && !/compatible/.test(provider) ? ['image', 'file'] : ['image'];
  return seeing.test(name) ? ['image'] : [];
}

const seeing =
  /vision|llava|pixtral|moondream|internvl|minicpm-?v|gemma-?3|llama-?4|phi-?[34].*(vision|multimodal)|[-_.\d]vl([-_.:\d]|$)|mistral-(small|medium)-?(3|2[56])|grok-4/;
