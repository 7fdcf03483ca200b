/** Puts an answer together from its parts. */
import type { ModelAnswer, ModelPart, ToolCall } from '../contracts/model.ts';

/** An answer that is being put together. `add` gives the whole answer with the last of them. */
export function collectAnswer(onPart: ((part: ModelPart, text: string) => void) | undefined) {
  let text = '';
  const calls: ToolCall[] = [];
  const media: NonNullable<ModelAnswer['media']> = [];
  return {
    add(part: ModelPart): ModelAnswer | undefined {
      switch (part.type) {
        case 'text':
          text += part.text;
          break;
        case 'call':
          calls.push(part.call);
          break;
        case 'media':
          // Its bytes are for no observer.
          media.push({ mediaType: part.mediaType, data: part.data });
          return undefined;
        case 'finish':
          return finished(part);
        case 'reasoning':
      }
      onPart?.(part, text);
      return undefined;
    },
  };

  function finished(part: Finish): ModelAnswer {
    const { provider, part: shown } = withoutProvider(part);
    onPart?.(shown, text);
    const { type: _, ...end } = shown;
    return { text, calls, ...end, ...provider, ...(media.length === 0 ? {} : { media }) };
  }
}

/** What is for the provider alone goes into the answer, and to no observer. */
function withoutProvider(part: Finish): { part: Finish; provider: Pick<ModelAnswer, 'provider'> } {
  const { provider, ...shown } = part;
  return provider === undefined ? { part, provider: {} } : { part: shown, provider: { provider } };
}
type Finish = Extract<ModelPart, { type: 'finish' }>;
