/** The transcript as a model, or the check of an objective, reads it. It is kept as it grows: a turn reads only what was added since the last one. */
import type { EffectScope, ListFold } from '../src/contracts/effect.ts';
import { measureMessage } from '../src/contracts/messageSize.ts';
import type { Message } from '../src/contracts/model.ts';
import { hasParts } from './artifact.ts';
import { nothingElided, type KnownHistory } from './history.ts';
import { foldOf } from './lists.ts';

/** A conversation so far. */
export interface AgentConversation extends KnownHistory {
  readonly messages: readonly Message[];
  /** Whether any message refers to an artifact. */
  readonly hasArtifacts: boolean;
}

/** The messages are the caller's own: they do not grow with the transcript. */
export async function readConversation(scope: Pick<EffectScope, 'list' | 'fold'>): Promise<AgentConversation> {
  const kept = await foldOf(scope, 'transcript', joining);
  return { ...kept, messages: kept.messages.slice() };
}

interface Growing extends AgentConversation {
  readonly messages: Message[];
  size: number;
  hasArtifacts: boolean;
}

/**
 * The transcript as a conversation, one entry after the other. Results are stored one by one, as they came: here those of a turn are one message, in the order
 * of its calls. The same entries give the same message object, so that what is computed from a message is computed once.
 */
export const joining: ListFold<Growing> = {
  initial: () => ({ messages: [], size: 0, hasArtifacts: false, elided: nothingElided() }),
  // The agent wrote the transcript itself, and writes only messages to it.
  add: (conversation, entry) => withMessage(conversation, entry as unknown as Message),
};

function withMessage(conversation: Growing, message: Message): Growing {
  const { messages } = conversation;
  const last = messages.at(-1);
  if (message.role !== 'tool') messages.push(message);
  else if (last?.role !== 'tool') messages.push(inOrder(message, last));
  else {
    const results = [...last.results, ...message.results];
    messages[messages.length - 1] = inOrder({ role: 'tool', results }, messages.at(-2));
  }
  conversation.size += measureMessage(message);
  conversation.hasArtifacts ||= hasParts(message);
  return conversation;
}

type Results = Extract<Message, { role: 'tool' }>;

function inOrder(message: Results, asked: Message | undefined): Results {
  if (message.results.length < 2 || asked?.role !== 'assistant') return message;
  const order = new Map(asked.calls.map(({ id }, index) => [id, index]));
  const indexOf = ({ id }: { id: string }) => order.get(id) ?? order.size;
  return { ...message, results: message.results.toSorted((a, b) => indexOf(a) - indexOf(b)) };
}
