/** What a model is asked for an agent step. Projects know these words, and recordings compare them. */
import type { Message, ModelRequest } from '../../../src/contracts/model.ts';
import { isJsonObject, type Json } from '../../../src/values/json.ts';
import type { EffectScope } from '../../../src/contracts/effect.ts';
import {
  stepLists,
  type KeptAgentTask,
  type StepQuestion,
  type StepTool,
} from '../../../machines/workflow/agentStep/effectTypes.ts';
import { artifactsFor } from '../../artifact.ts';
import { readConversation } from '../../conversation.ts';
import { entriesOf } from '../../lists.ts';

/** The request for a question: the conversation so far, or the draft and what its review has said. */
export async function stepRequest(
  { about, offer }: StepQuestion,
  { value: task }: KeptAgentTask,
  tools: readonly StepTool[],
  scope: EffectScope,
): Promise<ModelRequest> {
  const { messages, hasArtifacts } = await readConversation(scope);
  const maxOutputTokens = task.model.maxTokens;
  if (about === 'reflection') {
    const review = await entriesOf<Message>(scope, stepLists.reflection);
    return {
      instructions: task.reflect ?? '',
      messages: [...messages.slice(0, 1), ...review],
      tools: [],
      maxOutputTokens,
    };
  }
  return {
    instructions: systemPrompt(task),
    messages,
    tools: [
      ...tools.map(({ info: { name, description, input } }) => ({ name, description, input })),
      ...(offer ? (task.subAgents ?? []) : []).map(({ tool: name, description, input }) => ({
        name,
        description,
        input,
      })),
    ],
    maxOutputTokens,
    ...(hasArtifacts ? await artifactsFor(messages, scope) : {}),
  };
}

const systemPrompt = ({ system, output }: Pick<KeptAgentTask['value'], 'system' | 'output'>): string =>
  `${system}\n\nYour output MUST conform to this JSON schema:\n${JSON.stringify(withSortedKeys(output), undefined, 2)}`;

const withSortedKeys = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (!isJsonObject(value)) return value;
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, withSortedKeys(inner)]));
};
