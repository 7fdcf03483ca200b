/** Agents for our presets. They go by what they are shown, so that a call that is made again has the same answer. */
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import type { ModelRequest } from '../../../src/contracts/model.ts';

/** Says what `reply` makes of what it is shown. */
export const voice = (name: string, reply: (shown: string) => string = (shown) => `${shown}>${name}`) =>
  agent({ name, model: scriptedModel(({ messages }) => ({ text: reply((messages[0] as { text: string }).text) })) });

/** Hands over to `to` whenever it may, and answers otherwise. */
export const passer = (name: string, to: string) =>
  agent({
    name,
    model: scriptedModel(({ tools }) =>
      tools.some((tool) => tool.name === 'answer_handoff')
        ? { calls: [{ name: 'answer_handoff', input: { to, note: `over to ${to}` } }] }
        : { calls: [{ name: 'answer_reply', input: { value: `${name} is on it` } }] },
    ),
  });
export const answerer = (name: string) =>
  agent({
    name,
    model: scriptedModel(() => ({ calls: [{ name: 'answer_reply', input: { value: `${name} knows` } }] })),
  });

/** Chooses whoever has not spoken yet. */
export const chooser = (...names: string[]) =>
  agent({
    name: 'chair',
    model: scriptedModel(({ messages }) => {
      const shown = (messages[0] as { text: string }).text;
      const speaker = names.find((name) => !shown.includes(`[${name}]`)) ?? names[0]!;
      return { calls: [{ name: 'answer_chosen', input: { speaker } }] };
    }),
  });

const results = ({ messages }: ModelRequest) =>
  messages.flatMap((message) => (message.role === 'tool' ? message.results.map(({ content }) => content) : []));
/** A model that calls its tools once, side by side, and then says what came of it. */
export const caller = (...calls: { name: string; input: object }[]) =>
  scriptedModel((request) => {
    const came = results(request);
    return came.length === 0 ? { calls: calls as never } : { text: came.join(' | ') };
  });

export const db = { db: 'memory' } as const;
