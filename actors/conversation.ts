/** The transcript as a model, or the check of an objective, reads it. */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { Message } from '../src/contracts/model.ts';
import { entriesOf } from './lists.ts';

export const readConversation = async (scope: Pick<EffectScope, 'list'>): Promise<readonly Message[]> =>
  joinResults(await entriesOf<Message>(scope, 'transcript'));

/** Results are stored one by one, as they came. Here those of a turn are one message, in the order of its calls. */
export function joinResults(transcript: readonly Message[]): readonly Message[] {
  const messages: Message[] = [];
  for (const message of transcript) {
    const latest = messages.at(-1);
    if (message.role === 'tool' && latest?.role === 'tool') messages[messages.length - 1] = joined(latest, message);
    else messages.push(message);
  }
  return messages.map((message, index) => inOrder(message, messages[index - 1]));
}

type Results = Extract<Message, { role: 'tool' }>;

const joined = (first: Results, second: Results): Results => ({
  role: 'tool',
  results: [...first.results, ...second.results],
});

function inOrder(message: Message, asked: Message | undefined): Message {
  if (message.role !== 'tool' || message.results.length < 2 || asked?.role !== 'assistant') return message;
  const order = new Map(asked.calls.map(({ id }, index) => [id, index]));
  const indexOf = ({ id }: { id: string }) => order.get(id) ?? order.size;
  return { ...message, results: message.results.toSorted((a, b) => indexOf(a) - indexOf(b)) };
}
