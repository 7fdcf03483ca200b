/** Models that say which texts and parts they were given, with the bytes that they could read. */
import type { Model } from 'troupe';
import type { ModelRequest } from '../../src/contracts/model.ts';

/** What a model was given in one request: its last text, and every part as `type name bytes`, or `type name ?` without bytes. */
export interface Seen {
  readonly text: string;
  readonly parts: readonly string[];
}

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };

/** What the model is shown in one request. */
export const seenIn = ({ messages, artifact }: ModelRequest): Seen => {
  const parts = messages.flatMap((message) =>
    message.role === 'tool' ? message.results.flatMap((result) => result.parts ?? []) : (message.parts ?? []),
  );
  const texts = messages.map((message) =>
    message.role === 'tool' ? message.results.map(({ content }) => content).join('\n') : message.text,
  );
  return {
    text: texts.at(-1) ?? '',
    parts: parts.map(({ type, name = '', artifact: id }) =>
      `${type} ${name} ${artifact?.(id)?.length ?? '?'}`.replace('  ', ' '),
    ),
  };
};

/** A model that remembers what it saw in `seen`, and answers with `answer`, or with the calls of its step. */
export const seeing = (
  seen: Seen[],
  ...steps: readonly (string | { readonly call: string; readonly input: Record<string, string> })[]
): Model => ({
  id: 'mine:seeing',
  async *stream(request) {
    const { messages } = request;
    seen.push(seenIn(request));
    const step = steps[messages.filter(({ role }) => role === 'assistant').length] ?? 'Seen.';
    if (typeof step === 'string') yield { type: 'text', text: step };
    else yield { type: 'call', call: { id: `c${messages.length}`, name: step.call, input: step.input } };
    yield { type: 'finish', reason: typeof step === 'string' ? 'stop' : 'calls', usage, model: 'mine:seeing' };
  },
});
