/**
 * What every answer goes through, whatever model it comes from: reasoning is told from text, calls are handed out only when the answer is whole,
 * numbers that have lost digits are marked, and usage that cannot be true is estimated.
 */
import type { ModelPart, ModelRequest, ToolCall } from '../contracts/model.ts';
import { inexactNumbersOf, withDigits } from '../values/exactNumbers.ts';
import { tagReader } from './thinkTags.ts';
import { plausibleUsage } from './tokens.ts';
import { sizeOfParts } from '../contracts/messageSize.ts';

/** Counts what one attempt wrote; an attempt that fails is charged by it. */
export interface AttemptMeter {
  /** Characters of text, reasoning and calls. */
  written: number;
}

/** Reads the parts of one answer as they come. */
export interface AnswerReader {
  /** The parts that may be handed out now. */
  read(part: ModelPart): readonly ModelPart[];
}

/** A reader for the answer to this request. Calls come directly before `finish`. */
export function answerReader(request: ModelRequest, thinkTags: readonly string[], meter: AttemptMeter): AnswerReader {
  const tags = tagReader(thinkTags);
  const calls: ToolCall[] = [];
  return {
    read(part) {
      meter.written += lengthOf(part);
      switch (part.type) {
        case 'text':
          return tags.read(part.text);
        case 'reasoning':
        case 'media':
          return [part];
        case 'call':
          calls.push(withExactNumbers(part.call));
          return [];
        case 'finish':
          return [
            ...tags.end(),
            ...calls.map((call): ModelPart => ({ type: 'call', call })),
            { ...part, usage: plausibleUsage(part.usage, request, meter.written) },
          ];
      }
    },
  };
}

/** The parts of one answer, checked. */
export async function* checkedAnswer(parts: AsyncIterable<ModelPart>, reader: AnswerReader): AsyncGenerator<ModelPart> {
  for await (const part of parts) yield* reader.read(part);
}

function lengthOf(part: ModelPart): number {
  if (part.type === 'text' || part.type === 'reasoning') return part.text.length;
  if (part.type === 'finish') return 0;
  if (part.type === 'media') return sizeOfParts([part]);
  const { name, input, unreadable } = part.call;
  return name.length + (unreadable ?? JSON.stringify(input)).length;
}

function withExactNumbers(call: ToolCall): ToolCall {
  if (call.inexact !== undefined || call.unreadable !== undefined) return call;
  const inexact = inexactNumbersOf(call.input);
  // Zod's type of JSON can be written to; the value is the same.
  return inexact.length === 0
    ? call
    : { ...call, input: withDigits(call.input, inexact) as ToolCall['input'], inexact };
}
