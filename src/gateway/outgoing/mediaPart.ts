/** An image, audio or a file for a model: its bytes where the model takes it, otherwise words that name the artifact. */
import type { LanguageModelV3FilePart } from '@ai-sdk/provider';
import type { MediaPart } from '../../contracts/media.ts';
import { mediaInWords } from '../../contracts/parts.ts';
import type { ModelRequest } from '../../contracts/model.ts';
import { cutText, wellFormedText } from '../../values/text.ts';
import { isTextType } from '../../contracts/mediaType.ts';
import type { Target } from './target.ts';

export function mediaPart(
  part: MediaPart,
  artifact: ModelRequest['artifact'],
  target: Target,
): LanguageModelV3FilePart | string {
  const bytes = artifact?.(part.artifact);
  if (bytes !== undefined && isTextType(part.mediaType)) return fileInWords(part, bytes);
  const data = target.accepts(part.type, part.mediaType) ? bytes : undefined;
  if (data === undefined) return wellFormedText(mediaInWords(part));
  return {
    type: 'file',
    mediaType: part.mediaType,
    data,
    ...(part.name === undefined ? {} : { filename: wellFormedText(part.name) }),
  };
}

/** The most characters of a file that is text. */
const maxTextLength = 200_000;

/** Every model reads a text. */
function fileInWords({ name = 'file', bytes }: MediaPart, data: string): string {
  const text = wellFormedText(Buffer.from(data, 'base64').toString());
  const shown = cutText(text, maxTextLength);
  const cut = shown.length < text.length ? `, the first ${shown.length} of ${text.length} characters` : '';
  return `[${wellFormedText(cutText(name, 100))}, ${bytes} bytes${cut}]\n${shown}`;
}
