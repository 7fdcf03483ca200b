/**
 * The part of a transcript that a model is shown. Nothing is left out until it is too long; then the contents of the oldest tool results are replaced by a note.
 * Every call keeps a result.
 */
import type { Message } from '../src/contracts/model.ts';

/** Characters. */
export const defaultHistoryLimit = 400_000;
const elidedNote = '[older result, left out to save space; call again if it is needed]';

const sizeOf = (message: Message): number => {
  switch (message.role) {
    case 'user':
      return message.text.length;
    case 'assistant':
      return (
        message.text.length +
        message.calls.reduce((sum, { name, input }) => sum + name.length + (JSON.stringify(input) ?? '').length, 0)
      );
    case 'tool':
      return message.results.reduce((sum, { content }) => sum + content.length, 0);
  }
};

/** Messages of a transcript do not change, so each is measured once. */
const sizes = new WeakMap<Message, number>();
function knownSize(message: Message): number {
  const known = sizes.get(message);
  if (known !== undefined) return known;
  const size = sizeOf(message);
  sizes.set(message, size);
  return size;
}

/** `limit` is in characters; 400,000 by default. The latest message of results is never shortened. */
export function truncateHistory(transcript: readonly Message[], limit = defaultHistoryLimit): readonly Message[] {
  let excess = transcript.reduce((sum, message) => sum + knownSize(message), 0) - limit;
  if (excess <= 0) return transcript;
  const latest = transcript.findLastIndex(({ role }) => role === 'tool');
  return transcript.map((message, index) => {
    if (message.role !== 'tool' || index === latest || excess <= 0) return message;
    const results = message.results.map((result) => {
      if (excess <= 0 || result.content.length <= elidedNote.length) return result;
      excess -= result.content.length - elidedNote.length;
      return { ...result, content: elidedNote };
    });
    return { ...message, results };
  });
}
