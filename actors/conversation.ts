/** The transcript as a model, or the check of an objective, reads it. */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { Message } from '../src/contracts/model.ts';
import { entriesOf } from './lists.ts';

export const readConversation = async (scope: Pick<EffectScope, 'list'>): Promise<readonly Message[]> =>
  joinResults(await entriesOf<Message>(scope, 'transcript'));

/**
 * Results are stored one by one, as they came. Here those of a turn are one message, in the order of its calls. The same entries give the same message
 * object, so that what is computed from a message is computed once.
 */
export function joinResults(transcript: readonly Message[]): readonly Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < transcript.length; at++) {
    const message = transcript[at];
    if (!message) continue;
    if (message.role !== 'tool') {
      messages.push(message);
      continue;
    }
    const entries = [message];
    for (let next = transcript[at + 1]; next?.role === 'tool'; next = transcript[at + 1]) {
      entries.push(next);
      at++;
    }
    messages.push(joined(entries, messages.at(-1)));
  }
  return messages;
}

type Results = Extract<Message, { role: 'tool' }>;

/** By the first entry of a turn. Entries are only added, so the same number of them is the same ones. */
const turns = new WeakMap<Results, { readonly entries: number; readonly message: Results }>();

function joined(entries: readonly Results[], asked: Message | undefined): Message {
  const [first] = entries;
  if (!first) return { role: 'tool', results: [] };
  const known = turns.get(first);
  if (known?.entries === entries.length) return known.message;
  const all: Results =
    entries.length === 1 ? first : { role: 'tool', results: entries.flatMap(({ results }) => results) };
  const message = inOrder(all, asked);
  turns.set(first, { entries: entries.length, message });
  return message;
}

function inOrder(message: Results, asked: Message | undefined): Results {
  if (message.results.length < 2 || asked?.role !== 'assistant') return message;
  const order = new Map(asked.calls.map(({ id }, index) => [id, index]));
  const indexOf = ({ id }: { id: string }) => order.get(id) ?? order.size;
  return { ...message, results: message.results.toSorted((a, b) => indexOf(a) - indexOf(b)) };
}
