/** Guardrails that judge what is said: by patterns, by a function, or by a schema. */
import type * as z from 'zod';
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import type { GuardedAnswer, GuardedStream, GuardedWork, CheckAnswer } from '../../contracts/guardrail.ts';
import { parseDefinition, describeMismatch } from '../../values/explain.ts';
import type { Json } from '../../values/json.ts';
import { make, type GuardrailOptions, type HoldBackOptions } from './make.ts';
import { patternCheck, type Patterns } from './patternCheck.ts';
import { CheckSchema, OutputGuardrailSchema, SchemaGuardrailSchema } from './schemas.ts';

/**
 * Checks input. Input is rejected when a text or a key in it matches one of the patterns (texts in upper or lower case), or when the function rejects it.
 * @example guardrails.input([/ignore (all|your) instructions/i]), guardrails.input(({ text }) => text.length < 10_000 || 'it is too long')
 */
export function input(
  look: Patterns | ((asked: GuardedWork) => CheckAnswer | Promise<CheckAnswer>),
  options: GuardrailOptions = {},
): Guardrail {
  parseDefinition(CheckSchema, options, 'guardrails.input');
  const pre = patternCheck('input', look);
  return make('input', options, { checks: { pre }, from: look });
}

/** An answer to check: a part of it while a model streams it (`whole` is false), and all of it at the end. */
export interface OutputCheckInput extends Partial<GuardedAnswer> {
  /** The answer as a text; the part so far while it is streamed. */
  readonly text: string;
  /** True when it is the whole answer. */
  readonly whole: boolean;
  /** What the text is a part of while `whole` is false: the answer's text, the model's reasoning, the arguments of a call, the result of a tool. */
  readonly of?: GuardedStream['of'];
  /** What the text was made of while `whole` is false, where that is JSON. */
  readonly value?: Json;
  /** Fires when the check must stop. */
  readonly signal: AbortSignal;
}

/**
 * Checks output, also while a model streams it: its text, its reasoning and the calls that it wants to make. A stream that is rejected is stopped, and what
 * came of it is never shown. What is said is held back until the result was judged; `holdBack` lets it be shown earlier.
 * @example guardrails.output([/\b\d{16}\b/]), guardrails.output(({ text, whole }) => !whole || text.includes('Sources:') || 'no sources')
 */
export function output(
  look: Patterns | ((asked: OutputCheckInput) => CheckAnswer | Promise<CheckAnswer>),
  options: GuardrailOptions &
    HoldBackOptions & {
      /** `false`: checks only the whole answer; true by default. */ readonly stream?: boolean;
    } = {},
): Guardrail {
  parseDefinition(OutputGuardrailSchema, options, 'guardrails.output');
  const says = patternCheck<OutputCheckInput>('output', look);
  return make('output', options, {
    from: look,
    holdBack: options.holdBack,
    checks: {
      post: (asked) => says({ ...asked, whole: true }),
      ...(options.stream === false ? {} : { stream: (asked) => says({ ...asked, whole: false }) }),
    },
  });
}

/**
 * Checks input, output, or both against a schema. @example guardrails.schema({ output: z.object({ total: z.number() }) })
 */
export function schema(
  options: GuardrailOptions &
    HoldBackOptions & {
      /** The schema of the input; not checked by default. */
      readonly input?: z.ZodType;
      /** The schema of the output; not checked by default. */
      readonly output?: z.ZodType;
    },
): Guardrail {
  parseDefinition(SchemaGuardrailSchema, options, 'guardrails.schema');
  const fits = async (type: z.ZodType, body: Json): Promise<CheckAnswer> => {
    const parsed = await type.safeParseAsync(body);
    return parsed.success || `it does not fit its schema: ${describeMismatch(parsed.error, body)}`;
  };
  const { input: before, output: after } = options;
  return make('schema', options, {
    holdBack: options.holdBack,
    checks: {
      ...(before ? { pre: ({ body }) => fits(before, body) } : {}),
      ...(after ? { post: ({ answer }) => fits(after, answer.body) } : {}),
    },
  });
}
