/**
 * The part of a transcript that a model is shown. Nothing is left out until it is too long; then the contents of the oldest tool results are replaced by a note.
 * Every call keeps a result.
 */
import { sizeOfMessage, sizeOfParts } from '../src/contracts/messageSize.ts';
import type { Message, ToolResult } from '../src/contracts/model.ts';

/** Characters. */
export const defaultHistoryLimit = 400_000;
const elidedNote = '[older result, left out to save space; call again if it is needed]';

/** The beginning of a transcript, with every result in it left out. It only grows: what was once left out of a transcript is never shown again. */
export interface ElidedBeginning {
  /** For this limit. */
  limit: number;
  readonly messages: Message[];
  /** The characters that were saved by it. */
  saved: number;
}
export const nothingElided = (): ElidedBeginning => ({ limit: defaultHistoryLimit, messages: [], saved: 0 });

/** What is known of a transcript that is truncated in every turn. */
export interface KnownHistory {
  /** The characters of all its messages. */
  readonly size: number;
  /** What was left out of it the last time; it is changed. */
  readonly elided: ElidedBeginning;
}

/** `limit` is in characters; 400,000 by default. The latest message of results is never shortened. */
export function truncateHistory(
  transcript: readonly Message[],
  limit = defaultHistoryLimit,
  { size, elided }: KnownHistory = {
    size: transcript.reduce((sum, message) => sum + sizeOfMessage(message), 0),
    elided: nothingElided(),
  },
): readonly Message[] {
  if (size <= limit) return transcript;
  if (elided.limit !== limit) Object.assign(elided, { ...nothingElided(), limit });
  const { messages } = elided;
  const latest = transcript.findLastIndex(({ role }) => role === 'tool');
  let excess = size - limit - elided.saved;
  for (let next = transcript[messages.length]; next && excess > 0; next = transcript[messages.length]) {
    const whole = next.role === 'tool' && messages.length !== latest ? elidedResults(next) : next;
    const saved = sizeOfMessage(next) - sizeOfMessage(whole);
    if (saved > excess || messages.length === latest) break;
    messages.push(whole);
    elided.saved += saved;
    excess -= saved;
  }
  const rest = transcript.slice(messages.length);
  const [first] = rest;
  if (excess > 0 && first?.role === 'tool' && messages.length !== latest) rest[0] = partlyElided(first, excess);
  return [...messages, ...rest];
}

type Results = Extract<Message, { role: 'tool' }>;

const elidedResults = (message: Results): Results => ({ ...message, results: message.results.map(elidedResult) });

/** With as many of its results left out, the first ones, as save so many characters. */
function partlyElided(message: Results, excess: number): Results {
  let left = excess;
  const results = message.results.map((result) => {
    if (left <= 0) return result;
    const short = elidedResult(result);
    left -= result.content.length - short.content.length + sizeOfParts(result.parts);
    return short;
  });
  return { ...message, results };
}

function elidedResult(result: ToolResult): ToolResult {
  if (result.content.length <= elidedNote.length && result.parts === undefined) return result;
  const { parts: _, ...kept } = result;
  return { ...kept, content: result.content.length <= elidedNote.length ? result.content : elidedNote };
}
