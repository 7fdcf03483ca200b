/** An image, audio or a file for a model: its bytes where the model takes it, otherwise words that name the artifact. */
import type { LanguageModelV3FilePart } from '@ai-sdk/provider';
import { mediaInWords, type MediaPart } from '../../contracts/media.ts';
import type { ModelRequest } from '../../contracts/model.ts';
import { wellFormedText } from '../../values/text.ts';
import type { Target } from './target.ts';

export function mediaPart(
  part: MediaPart,
  artifact: ModelRequest['artifact'],
  target: Target,
): LanguageModelV3FilePart | string {
  const data = target.accepts(part.type, part.mediaType) ? artifact?.(part.artifact) : undefined;
  if (data === undefined) return wellFormedText(mediaInWords(part));
  return {
    type: 'file',
    mediaType: part.mediaType,
    data,
    ...(part.name === undefined ? {} : { filename: wellFormedText(part.name) }),
  };
}
