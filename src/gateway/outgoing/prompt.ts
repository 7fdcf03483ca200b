/**
 * A conversation as every provider takes it: the user speaks first and last, every call is followed by its result and every result has its call,
 * ids are legal and never used twice, and no text is blank. Each message is converted once: a turn costs as much as what is new.
 */
import type { LanguageModelV3FilePart, LanguageModelV3Message, LanguageModelV3Prompt } from '@ai-sdk/provider';
import type { Message, ModelRequest } from '../../contracts/model.ts';
import { wellFormedText } from '../../values/text.ts';
import { assistantContent, assistantOptions } from './assistant.ts';
import { distinctId, legalId } from './ids.ts';
import { mediaPart } from './mediaPart.ts';
import { resultContent } from './results.ts';
import type { Target } from './target.ts';

type Answer = Extract<Message, { role: 'assistant' }>;
type Results = Extract<Message, { role: 'tool' }>;
type UserContent = Extract<LanguageModelV3Message, { role: 'user' }>['content'];
type Lookup = ModelRequest['artifact'];

/** Converts conversations for one model. */
export function promptMaker(target: Target): (request: ModelRequest) => LanguageModelV3Prompt {
  const users = new WeakMap<Message, LanguageModelV3Message | undefined>();
  const turns = new WeakMap<Answer, Turn>();

  const userOf = (message: Extract<Message, { role: 'user' }>, artifact: Lookup) => {
    if (users.has(message)) return users.get(message);
    const made = userMessageOf(message, artifact, target);
    users.set(message, made);
    return made;
  };
  const turnOf = (answer: Answer, results: readonly Results[], ids: readonly string[], artifact: Lookup) => {
    const known = turns.get(answer);
    if (known && isSame(known.results, results) && isSame(known.ids, ids)) return known;
    const made = { results, ids, messages: messagesOfTurn(answer, results, ids, artifact, target) };
    turns.set(answer, made);
    return made;
  };

  return ({ instructions, messages, artifact }) => {
    const prompt: LanguageModelV3Message[] = [];
    const used = new Set<string>();
    for (let at = 0; at < messages.length; at++) {
      const message = messages[at];
      if (message?.role === 'user') {
        const made = userOf(message, artifact);
        if (target.apart && made) prompt.push(made);
        else append(prompt, made);
      }
      // A result without a call before it is left out.
      if (message?.role !== 'assistant') continue;
      const results: Results[] = [];
      for (let next = messages[at + 1]; next?.role === 'tool'; next = messages[at + 1]) {
        results.push(next);
        at++;
      }
      const ids = idsOf(message, used, prompt.length);
      for (const made of turnOf(message, results, ids, artifact).messages) append(prompt, made);
    }
    if (prompt[0]?.role !== 'user') prompt.unshift(saying('(No message.)'));
    if (prompt.at(-1)?.role === 'assistant') prompt.push(saying('Go on.'));
    const system = wellFormedText(instructions).trim();
    return system === '' ? prompt : [{ role: 'system', content: system }, ...prompt];
  };
}

/** An answer and its results, as they were converted. */
interface Turn {
  readonly results: readonly Results[];
  readonly ids: readonly string[];
  readonly messages: readonly LanguageModelV3Message[];
}

const isSame = <T>(first: readonly T[], second: readonly T[]): boolean =>
  first.length === second.length && first.every((each, index) => each === second[index]);

const saying = (text: string): LanguageModelV3Message => ({ role: 'user', content: [{ type: 'text', text }] });

function idsOf({ calls }: Answer, used: Set<string>, place: number): string[] {
  return calls.map(({ id }, index) => {
    const plain = legalId(id);
    const free = used.has(plain) ? distinctId(id, `${place}/${index}`) : plain;
    used.add(free);
    return free;
  });
}

/** Messages of the same side become one: some models want the sides to alternate. */
function append(prompt: LanguageModelV3Message[], message: LanguageModelV3Message | undefined): void {
  const last = prompt.at(-1);
  if (!message) return;
  if (last?.role === 'user' && message.role === 'user')
    prompt[prompt.length - 1] = { role: 'user', content: joined(last.content, message.content) };
  else if (last?.role === 'assistant' && message.role === 'assistant')
    prompt[prompt.length - 1] = { ...last, ...message, content: [...last.content, ...message.content] };
  else prompt.push(message);
}

function joined(first: UserContent, second: UserContent): UserContent {
  const [last, next] = [first.at(-1), second[0]];
  if (last?.type !== 'text' || next?.type !== 'text') return [...first, ...second];
  return [...first.slice(0, -1), { type: 'text', text: `${last.text}\n\n${next.text}` }, ...second.slice(1)];
}

function userMessageOf(
  { text, parts = [] }: Extract<Message, { role: 'user' }>,
  artifact: Lookup,
  target: Target,
): LanguageModelV3Message | undefined {
  const shown = parts.map((part) => mediaPart(part, artifact, target));
  const words = [text, ...shown.filter((part) => typeof part === 'string')].filter((each) => each.trim() !== '');
  const content: UserContent = [
    ...(words.length === 0 ? [] : [{ type: 'text' as const, text: wellFormedText(words.join('\n')) }]),
    ...shown.filter((part): part is LanguageModelV3FilePart => typeof part !== 'string'),
  ];
  return content.length === 0 ? undefined : { role: 'user', content };
}

function messagesOfTurn(
  answer: Answer,
  results: readonly Results[],
  ids: readonly string[],
  artifact: Lookup,
  target: Target,
): LanguageModelV3Message[] {
  const content = assistantContent(answer, ids, target);
  if (content.length === 0) return [];
  const said: LanguageModelV3Message = { role: 'assistant', content, ...assistantOptions(answer, target) };
  if (ids.length === 0) return [said];
  const { parts, beside } = resultContent(answer, results, ids, artifact, target);
  return [
    said,
    { role: 'tool', content: parts },
    ...(beside.length === 0 ? [] : [{ role: 'user' as const, content: beside }]),
  ];
}
