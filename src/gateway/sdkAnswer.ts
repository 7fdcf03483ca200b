/** The answer of a model of the AI SDK as parts. Tool calls are handed out once the answer is complete, never before. */
import type { LanguageModelV3StreamPart, LanguageModelV3Usage } from '@ai-sdk/provider';
import type { ModelPart, ModelRequest, ToolCall, Usage } from '../contracts/model.ts';
import { cutText } from '../values/text.ts';
import { inexactNumbersIn, inexactNumbersOf, quoteInexactNumbers, withDigits } from '../values/exactNumbers.ts';
import { brokenOff, toProviderError, type AttemptFacts } from './providerErrors.ts';
import type { Received } from './received.ts';
import { estimatedUsage } from './tokens.ts';
import { isUnknownEvent } from './unknownEvents.ts';
import { verdictOnEnd } from './verdict.ts';

/** What an answer is read with. */
export interface AnswerReading {
  /** `provider:model`. */
  readonly id: string;
  /** What the model was asked. */
  readonly request: ModelRequest;
  /** Hides secrets in the text of errors. */
  readonly mask: (text: string) => string;
  /** What came over the wire so far, if that is watched. */
  received(): Received | undefined;
}

/** The parts of one answer, ending with `finish`. Throws TroupeError: `transient` for an answer that is not complete. */
export async function* sdkAnswer(
  open: () => PromiseLike<{ readonly stream: ReadableStream<LanguageModelV3StreamPart> }>,
  { id, request, mask, received }: AnswerReading,
): AsyncGenerator<ModelPart> {
  let written = 0;
  const openCalls = new Set<string>();
  const calls: ToolCall[] = [];
  const facts = (): AttemptFacts => ({ mask, received: received(), written });
  try {
    const { stream } = await open();
    // A web stream can be iterated in Node; its type does not say so.
    for await (const part of stream as unknown as AsyncIterable<LanguageModelV3StreamPart>) {
      switch (part.type) {
        case 'text-delta':
        case 'reasoning-delta':
          written += part.delta.length;
          if (part.delta !== '') yield { type: part.type === 'text-delta' ? 'text' : 'reasoning', text: part.delta };
          break;
        case 'tool-input-start':
          openCalls.add(part.id);
          break;
        case 'tool-input-delta':
          written += part.delta.length;
          // A sign of life: a long call would count as silence, because it is handed out at its end.
          yield { type: 'text', text: '' };
          break;
        case 'tool-call':
          openCalls.delete(part.toolCallId);
          // What the provider did itself is no call to make.
          if (part.providerExecuted !== true)
            calls.push(parseToolCall(part.toolCallId, part.toolName, part.input, received()?.inexact));
          break;
        case 'error':
          if (isUnknownEvent(part.error)) break;
          throw part.error;
        case 'finish': {
          const { unified, raw } = part.finishReason;
          const verdict = verdictOnEnd({ unified, raw, openCalls: openCalls.size });
          if (verdict.is !== 'complete') throw brokenOff(id, whyBroken(raw, openCalls.size), facts());
          for (const call of calls) yield { type: 'call', call };
          yield {
            type: 'finish',
            reason: verdict.reason,
            ...(raw === undefined ? {} : { rawReason: raw }),
            usage: usageOf(part.usage, request, written),
            model: id,
          };
          return;
        }
        default:
      }
    }
    throw brokenOff(id, 'it ended without a reason', facts());
  } catch (thrown) {
    throw toProviderError(id, thrown, facts());
  }
}

const whyBroken = (raw: string | undefined, openCalls: number): string =>
  raw !== undefined && raw.trim() !== ''
    ? openCalls > 0
      ? `it ended in the middle of a tool call (${raw})`
      : `the provider gave the reason ${raw}`
    : openCalls > 0
      ? 'it ended in the middle of a tool call'
      : 'it ended without a reason';

/**
 * The tool call that a model wrote. Arguments that are not JSON are kept as they were written, and numbers that would lose digits as text.
 * `lost`: such numbers in what the arguments were made from, for providers that send them as JSON and not as text.
 */
export function parseToolCall(id: string, name: string, written: string, lost: Iterable<string> = []): ToolCall {
  if (written.trim() === '') return { id, name, input: {} };
  const read = (text: string): ToolCall['input'] => JSON.parse(text) as ToolCall['input'];
  try {
    const numbers = inexactNumbersIn(written);
    const input = read(numbers.length > 0 ? quoteInexactNumbers(written) : written);
    const others = inexactNumbersOf(input, lost);
    const inexact = [...numbers, ...others];
    return inexact.length === 0
      ? { id, name, input }
      : { id, name, input: mutable(withDigits(input, others)), inexact };
  } catch {
    return { id, name, input: null, unreadable: cutText(written, 10_000) };
  }
}

/** Zod's type of JSON can be written to; the value is the same. */
const mutable = (input: ReturnType<typeof withDigits>) => input as ToolCall['input'];

/** Counts that are missing, or are no numbers, are estimated. */
function usageOf({ inputTokens, outputTokens }: LanguageModelV3Usage, request: ModelRequest, written: number): Usage {
  const [input, output] = [countOf(inputTokens.total), countOf(outputTokens.total)];
  const isReported = input !== undefined && output !== undefined;
  const estimate = isReported ? undefined : estimatedUsage(request, written);
  return {
    inputTokens: input ?? estimate?.inputTokens ?? 0,
    outputTokens: output ?? estimate?.outputTokens ?? 0,
    cachedTokens: countOf(inputTokens.cacheRead) ?? 0,
    reported: isReported,
    usd: null,
  };
}

const countOf = (count: number | undefined): number | undefined =>
  count !== undefined && Number.isFinite(count) && count >= 0 ? count : undefined;
