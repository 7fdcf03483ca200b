/**
 * The part of a transcript that a model is shown. Nothing is left out until it is too long; then the contents of the oldest tool results are replaced by a note.
 * Every call keeps a result.
 */
import { sizeOfMessage, sizeOfParts } from '../src/contracts/messageSize.ts';
import type { Message, ToolResult } from '../src/contracts/model.ts';

/** Characters. */
export const defaultHistoryLimit = 400_000;
const elidedNote = '[older result, left out to save space; call again if it is needed]';

/**
 * `limit` is in characters; 400,000 by default. The latest message of results is never shortened. `size` is that of the whole transcript, where it is
 * known.
 */
export function truncateHistory(
  transcript: readonly Message[],
  limit = defaultHistoryLimit,
  size = transcript.reduce((sum, message) => sum + sizeOfMessage(message), 0),
): readonly Message[] {
  let excess = size - limit;
  if (excess <= 0) return transcript;
  const latest = transcript.findLastIndex(({ role }) => role === 'tool');
  return transcript.map((message, index) => {
    if (message.role !== 'tool' || index === latest || excess <= 0) return message;
    const whole = elided(message);
    const saved = sizeOfMessage(message) - sizeOfMessage(whole);
    if (saved <= excess) {
      excess -= saved;
      return whole;
    }
    const results = message.results.map((result) => {
      if (excess <= 0) return result;
      const short = shortened(result);
      excess -= result.content.length - short.content.length + sizeOfParts(result.parts);
      return short;
    });
    return { ...message, results };
  });
}

type Results = Extract<Message, { role: 'tool' }>;

/** A message whose results are all left out is made once. */
const elidedMessages = new WeakMap<Results, Results>();
function elided(message: Results): Results {
  const known = elidedMessages.get(message);
  if (known) return known;
  const made: Results = { ...message, results: message.results.map(shortened) };
  elidedMessages.set(message, made);
  return made;
}

function shortened(result: ToolResult): ToolResult {
  if (result.content.length <= elidedNote.length && result.parts === undefined) return result;
  const { parts: _, ...kept } = result;
  return { ...kept, content: result.content.length <= elidedNote.length ? result.content : elidedNote };
}
