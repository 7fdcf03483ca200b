/** Shortens the results of tools, the longest first, so that a conversation fits into so many characters. Nothing else is shortened. */
import { sizeOfMessage } from '../../contracts/messageSize.ts';
import type { Message } from '../../contracts/model.ts';
import { cutText, endOfText } from '../../values/text.ts';

type Results = Extract<Message, { role: 'tool' }>;

/** The fewest characters that are left of a result. */
const leastKept = 512;

/** The characters of a conversation. */
export const sizeOfMessages = (messages: readonly Message[]): number =>
  messages.reduce((sum, message) => sum + sizeOfMessage(message), 0);

/** The conversation in at most `room` characters; undefined when even its shortest form is longer. */
export function shortenMessages(messages: readonly Message[], room: number): readonly Message[] | undefined {
  const lengths = messages.flatMap((message) =>
    message.role === 'tool' ? message.results.map(({ content }) => content.length) : [],
  );
  const rest = sizeOfMessages(messages) - lengths.reduce((sum, length) => sum + length, 0);
  const longest = Math.max(0, ...lengths);
  if (rest + longest <= room && lengths.reduce((sum, length) => sum + length, rest) <= room) return messages;
  // Powers of two: a conversation that grows is cut at the same length for many turns.
  for (let cap = 2 ** Math.floor(Math.log2(Math.max(longest, leastKept))); cap >= leastKept; cap /= 2) {
    const size = lengths.reduce((sum, length) => sum + Math.min(length, cap), rest);
    if (size <= room) return messages.map((message) => (message.role === 'tool' ? capped(message, cap) : message));
  }
  return undefined;
}

/** The latest form of each message: it is asked for again in the next turn. */
const latest = new WeakMap<Results, { readonly cap: number; readonly message: Results }>();

function capped(message: Results, cap: number): Results {
  if (message.results.every(({ content }) => content.length <= cap)) return message;
  const known = latest.get(message);
  if (known?.cap === cap) return known.message;
  const made: Results = {
    ...message,
    results: message.results.map((result) =>
      result.content.length <= cap ? result : { ...result, content: shortened(result.content, cap) },
    ),
  };
  latest.set(message, { cap, message: made });
  return made;
}

/** The beginning and the end, and between them a word about what is missing. */
function shortened(text: string, cap: number): string {
  const note = `\n[… shortened: about ${text.length - cap} of ${text.length} characters are left out here, because this model cannot read so much at once. Ask for less, such as a part or a filter, if they are needed. …]\n`;
  const kept = Math.max(0, cap - note.length);
  const head = Math.ceil(kept * 0.75);
  return `${cutText(text, head)}${note}${endOfText(text, kept - head)}`;
}
