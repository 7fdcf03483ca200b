/** An answer of a model as it is shown again: to its own model with its reasoning and signatures, to any other one without. */
import type { LanguageModelV3Message, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Message, ProviderContent } from '../../contracts/model.ts';
import { mediaInWords } from '../../contracts/parts.ts';
import { portableName } from '../../contracts/portableName.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { wellFormedJson, wellFormedText } from '../../values/text.ts';
import { detailsBack } from '../reasoningDetails.ts';
import type { Target } from './target.ts';

type Answer = Extract<Message, { role: 'assistant' }>;
type Content = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'];
type ContentPart = Content[number];

/** The parts of an answer; none when it says and calls nothing. `ids` are those of its calls. */
export function assistantContent(answer: Answer, ids: readonly string[], target: Target): Content {
  const own = answer.provider?.model === target.id ? ownContent(answer, answer.provider, ids) : undefined;
  const made = (answer.parts ?? []).map(mediaInWords).join('\n');
  const text = [answer.text, made].filter((each) => each !== '').join('\n');
  const all = own ?? [textPart(text), ...answer.calls.map((_, index) => callPart(answer, ids, index))];
  // Details of the reasoning hold its text as well.
  const content = detailsOf(answer, target) ? all.filter(({ type }) => type !== 'reasoning') : all;
  // Some providers refuse an answer that ends in a space.
  const last = content.findLastIndex(({ type }) => type === 'text');
  const trimmed = content.map((part, index) =>
    part.type === 'text' && index === last ? { ...part, text: part.text.trimEnd() } : part,
  );
  const kept = trimmed.filter((part) => part.type !== 'text' || part.text.trim() !== '');
  return kept.some(({ type }) => type !== 'reasoning') ? kept : [];
}

/** What goes with the answer as a whole: the details of its reasoning. */
export function assistantOptions(answer: Answer, target: Target): { providerOptions?: SharedV3ProviderOptions } {
  const details = detailsOf(answer, target);
  return details ? { providerOptions: detailsBack(details) } : {};
}

const detailsOf = ({ provider }: Answer, { id }: Target) => (provider?.model === id ? provider.details : undefined);

/** In the provider's order; undefined when its notes do not fit the answer. */
function ownContent(answer: Answer, { parts }: ProviderContent, ids: readonly string[]): ContentPart[] | undefined {
  let said = 0;
  const calls = new Set<number>();
  const content = parts.map((part): ContentPart => {
    const options = optionsOf(part.metadata);
    if (part.type === 'reasoning') return { type: 'reasoning', text: wellFormedText(part.text), ...options };
    if (part.type === 'call') {
      calls.add(part.index);
      return { ...callPart(answer, ids, part.index), ...options };
    }
    const from = said;
    said += part.length;
    return { ...textPart(answer.text.slice(from, said)), ...options };
  });
  const fits = said === answer.text.length && calls.size === answer.calls.length && answer.parts === undefined;
  return fits ? content : undefined;
}

const textPart = (text: string): ContentPart => ({ type: 'text', text: wellFormedText(text) });

function callPart({ calls }: Answer, ids: readonly string[], index: number): ContentPart {
  const call = calls[index];
  return {
    type: 'tool-call',
    toolCallId: ids[index] ?? '',
    toolName: portableName(call?.name ?? ''),
    // Providers take only objects as arguments.
    input: isJsonObject(call?.input) ? wellFormedJson(call.input) : {},
  };
}

/**
 * What the provider wrote beside a part, as its options. The client for compatible servers reads the signature of a Gemini call under `google`, and writes
 * it under the server's own name.
 */
function optionsOf(metadata: Json | undefined): { providerOptions?: SharedV3ProviderOptions } {
  if (!isJsonObject(metadata)) return {};
  const signature = Object.values(metadata)
    .map((own) => (isJsonObject(own) ? own['thoughtSignature'] : undefined))
    .find((value) => typeof value === 'string');
  const google = signature === undefined || 'google' in metadata ? {} : { google: { thoughtSignature: signature } };
  // It is JSON that the provider's client made, and the client checks it.
  return { providerOptions: { ...metadata, ...google } as SharedV3ProviderOptions };
}
