/** The results of an answer's calls: one for each call, in the order of the calls, and none without a call. */
import type { LanguageModelV3FilePart, LanguageModelV3Message } from '@ai-sdk/provider';
import type { Message, ModelRequest, ToolResult } from '../../contracts/model.ts';
import { portableName } from '../../contracts/portableName.ts';
import { wellFormedText } from '../../values/text.ts';
import { mediaPart } from './mediaPart.ts';
import type { Target } from './target.ts';

type ToolContent = Extract<LanguageModelV3Message, { role: 'tool' }>['content'];
type ResultOutput = Extract<ToolContent[number], { type: 'tool-result' }>['output'];

const noResult = 'There is no result: the call was not made, or its result was lost.';

/** `beside`: images and files that the model takes only in a message after the results. */
export function resultContent(
  { calls }: Extract<Message, { role: 'assistant' }>,
  messages: readonly Extract<Message, { role: 'tool' }>[],
  ids: readonly string[],
  artifact: ModelRequest['artifact'],
  target: Target,
): { parts: ToolContent; beside: LanguageModelV3FilePart[] } {
  const open = messages.flatMap(({ results }) => results);
  const beside: LanguageModelV3FilePart[] = [];
  const parts = calls.map((call, index) => {
    const at = open.findIndex(({ id }) => id === call.id);
    const [result] = at < 0 ? [] : open.splice(at, 1);
    const shown = (result?.parts ?? []).map((part) => mediaPart(part, artifact, target));
    const files = shown.filter((part): part is LanguageModelV3FilePart => typeof part !== 'string');
    const words = shown.filter((part) => typeof part === 'string');
    const isBeside = target.resultMedia === 'message';
    if (isBeside) beside.push(...files);
    const note = isBeside && files.length > 0 ? ['[It is shown in the next message.]'] : [];
    const text = [result?.content ?? noResult, ...words, ...note].filter((each) => each.trim() !== '').join('\n');
    return {
      type: 'tool-result' as const,
      toolCallId: ids[index] ?? '',
      toolName: portableName(call.name),
      output: outputOf(result, wellFormedText(text) || '(No output.)', isBeside ? [] : files),
    };
  });
  return { parts, beside };
}

function outputOf(
  result: ToolResult | undefined,
  text: string,
  files: readonly LanguageModelV3FilePart[],
): ResultOutput {
  if (files.length === 0) return { type: result?.ok === true ? 'text' : 'error-text', value: text };
  return {
    type: 'content',
    // Exactly one text: a provider that takes no parts in results makes one result of each text.
    value: [
      { type: 'text', text },
      ...files.map(({ mediaType, data, filename }) =>
        mediaType.startsWith('image/')
          ? { type: 'image-data' as const, mediaType, data: String(data) }
          : {
              type: 'file-data' as const,
              mediaType,
              data: String(data),
              ...(filename === undefined ? {} : { filename }),
            },
      ),
    ],
  };
}
