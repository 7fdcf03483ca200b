/** Agents for tests of presets. Their answers depend on the conversation only, so a repeated call has the same answer. */
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import type { ModelRequest } from '../../../src/contracts/model.ts';

/** Answers with `reply` of its prompt. */
export const replyingAgent = (name: string, reply: (prompt: string) => string = (prompt) => `${prompt}>${name}`) =>
  agent({ name, model: scriptedModel(({ messages }) => ({ text: reply((messages[0] as { text: string }).text) })) });

/** Hands off to `to` when it can, and answers otherwise. */
export const handoffAgent = (name: string, to: string) =>
  agent({
    name,
    model: scriptedModel(({ tools }) =>
      tools.some((tool) => tool.name === 'answer_handoff')
        ? { calls: [{ name: 'answer_handoff', input: { to, note: `over to ${to}` } }] }
        : { calls: [{ name: 'answer_reply', input: { value: `${name} is on it` } }] },
    ),
  });
export const answeringAgent = (name: string) =>
  agent({
    name,
    model: scriptedModel(() => ({ calls: [{ name: 'answer_reply', input: { value: `${name} knows` } }] })),
  });

/** Selects the first member that has not spoken yet. */
export const selectingModel = (...names: string[]) =>
  agent({
    name: 'chair',
    model: scriptedModel(({ messages }) => {
      const prompt = (messages[0] as { text: string }).text;
      const speaker = names.find((name) => !prompt.includes(`[${name}]`)) ?? names[0]!;
      return { calls: [{ name: 'answer_chosen', input: { speaker } }] };
    }),
  });

const results = ({ messages }: ModelRequest) =>
  messages.flatMap((message) => (message.role === 'tool' ? message.results.map(({ content }) => content) : []));
/** A model that calls its tools once, concurrently, and then answers with their results. */
export const callingModel = (...calls: { name: string; input: object }[]) =>
  scriptedModel((request) => {
    const came = results(request);
    return came.length === 0 ? { calls: calls as never } : { text: came.join(' | ') };
  });

export const db = { db: 'memory' } as const;
