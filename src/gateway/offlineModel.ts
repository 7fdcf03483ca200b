/** A model without a network, for demos: fixed rules that read the results of tools and answer only from them. */
import type { Json, JsonObject } from '../values/json.ts';
import type { Model, ModelPart, ModelRequest, Usage } from '../contracts/model.ts';
import { bodyIn, offlineConversation, type OfflineConversation } from './offline/conversation.ts';
import { writeArticle, factsInTask, checkArticle } from './offline/writer.ts';
import { isList } from './offline/fields.ts';
import { fill, supplyOf } from './offline/fill.ts';
import { factsIn, readTexts, nextReads, type PlannedCall } from './offline/researcher.ts';
import { digest, frequencies } from './offline/sentences.ts';

const id = 'offline:extractive';

/**
 * A model that extracts sentences from the results of tools. It needs no key and no network, and the same request always gets the same answer.
 * @example agent({ name: 'reader', model: offlineModel(), tools: [files] })
 */
export function offlineModel(): Model {
  return {
    id,
    async *stream(request): AsyncGenerator<ModelPart> {
      const said = reply(offlineConversation(request));
      const usage = usageOf(request, said);
      if (typeof said === 'string') {
        for (const part of said.match(/[^ ]+ ?/g) ?? []) yield { type: 'text', text: part };
        yield { type: 'finish', reason: 'stop', usage, model: id };
        return;
      }
      for (const [index, { name, input }] of said.entries()) {
        yield { type: 'call', call: { id: `call_${request.messages.length}_${index}`, name, input } };
      }
      yield { type: 'finish', reason: 'calls', usage, model: id };
    },
  };
}

/** Calls to make, or plain text. */
function reply(conversation: OfflineConversation): readonly PlannedCall[] | string {
  const reads = nextReads(conversation);
  if (reads.length > 0) return reads;
  // Answers are JSON; zod's own type for it can be written to.
  const answer = (reply: string, input: Json): PlannedCall[] => [
    { name: `answer_${reply}`, input: input as PlannedCall['input'] },
  ];
  const offers = (name: string) => conversation.answers.some((tool) => tool.name === `answer_${name}`);

  if (offers('notes') && conversation.reads.length > 0) return answer('notes', { facts: factsIn(conversation) });
  const facts = factsInTask(conversation.body);
  if (offers('article') && facts.length > 0) {
    return answer('article', writeArticle(facts, `${textOf(conversation.body.feedback)}\n${conversation.complaints}`));
  }
  if (offers('approved') && offers('rework')) {
    const wrong = checkArticle(textOf(conversation.body.text), facts);
    return wrong === '' ? answer('approved', {}) : answer('rework', { feedback: wrong });
  }

  const best = bestOf(readTexts(conversation));
  const [first] = conversation.answers;
  if (first) return answer(first.name.replace(/^answer_/, ''), fill(first.input, supplyOf(best)));
  if (conversation.output)
    return (
      readAnswer(conversation, conversation.output) ??
      failedAnswer(conversation) ??
      JSON.stringify(fill(conversation.output, supplyOf(best.length > 0 ? best : [conversation.text])))
    );
  return `This is the offline model: it extracts, and understands nothing. The most telling it found:\n${
    best
      .slice(0, 3)
      .map((text) => `- ${text}`)
      .join('\n') || '- nothing.'
  }`;
}

/** The last result of a tool that has every field that is asked for: it is the answer already. */
function readAnswer({ reads }: OfflineConversation, { required }: JsonObject): string | undefined {
  const fields = isList(required) ? required.map(String) : [];
  if (fields.length === 0) return undefined;
  return reads.findLast(({ ok, text }) => ok && fields.every((field) => Object.hasOwn(bodyIn(text), field)))?.text;
}

/** When every tool has failed there is nothing to extract from: an agent step says so by `_error`. */
function failedAnswer({ reads }: OfflineConversation): string | undefined {
  const last = reads.at(-1);
  return last && reads.every(({ ok }) => !ok) ? JSON.stringify({ _error: last.text }) : undefined;
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function bestOf(text: string): string[] {
  const { heading, sentences } = digest(text, frequencies([text]));
  return [...sentences.map((sentence) => sentence.text), ...(heading ? [heading.text] : [])];
}

/** Four characters are about a token. */
const usageOf = ({ instructions, messages }: ModelRequest, said: readonly PlannedCall[] | string): Usage => ({
  inputTokens: Math.ceil((instructions.length + JSON.stringify(messages).length) / 4),
  outputTokens: Math.ceil(JSON.stringify(said).length / 4),
  cachedTokens: 0,
  reported: true,
  usd: 0,
});
