/** What `ctx.llm` is given, as a request for a model: its messages are checked and trimmed before a model is asked. */
import type { Message, ModelRequest } from '../contracts/model.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import type { LlmMessage, LlmOptions } from './context.ts';

/** The request, and the messages that it is made of: the system text first. Throws `invalid`. */
export function llmRequest(
  prompt: string | readonly LlmMessage[],
  { system, temperature, maxTokens }: Omit<LlmOptions, 'model' | 'name'>,
): { readonly messages: readonly LlmMessage[]; readonly request: ModelRequest } {
  if (temperature !== undefined && !(Number.isFinite(temperature) && temperature >= 0))
    throw invalid(`temperature must be a number, 0 or more; got ${describeValue(temperature)}.`);
  if (maxTokens !== undefined && !(Number.isSafeInteger(maxTokens) && maxTokens >= 1))
    throw invalid(`maxTokens must be a whole number, 1 or more; got ${describeValue(maxTokens)}.`);
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: requireText('The system text', system) }]),
    ...promptMessages(prompt),
  ];
  const first = messages.findIndex(({ role }) => role !== 'system');
  if (first === -1) throw invalid('it has only system texts. Give a message of the user as well.');
  if (messages.slice(first).some(({ role }) => role === 'system'))
    throw invalid('a system text follows another message. System texts come first.');
  return {
    messages,
    request: {
      instructions: messages
        .slice(0, first)
        .map(({ content }) => content)
        .join('\n\n'),
      messages: messages.slice(first).map(asMessage),
      tools: [],
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    },
  };
}

const asMessage = ({ role, content }: LlmMessage): Message =>
  role === 'assistant' ? { role, text: content, calls: [] } : { role: 'user', text: content };

function promptMessages(prompt: unknown): readonly LlmMessage[] {
  if (typeof prompt === 'string') return [{ role: 'user', content: requireText('The prompt', prompt) }];
  if (!Array.isArray(prompt))
    throw invalid(`the prompt is a text or a list of messages; got ${describeValue(prompt)}.`);
  if (prompt.length === 0) throw invalid('the list of messages is empty.');
  return prompt.map((message: unknown, i) => {
    const { role, content } = propertiesOf(message);
    if ((role !== 'system' && role !== 'user' && role !== 'assistant') || typeof content !== 'string')
      throw invalid(
        `message ${i + 1} must be { role: 'system' | 'user' | 'assistant', content: a text }; got ${describeValue(message)}.`,
      );
    return { role, content };
  });
}

function requireText(what: string, text: unknown): string {
  if (typeof text === 'string' && text.trim() !== '') return text.trim();
  throw invalid(`${what.toLowerCase()} must be a text; got ${text === '' ? 'an empty one' : describeValue(text)}.`);
}

const invalid = (problem: string): TroupeError => new TroupeError('invalid', `ctx.llm cannot ask a model: ${problem}`);
