/** Schemas for the options of guardrails, with messages for options that do not fit. */
import * as z from 'zod';
import { Budget } from '../../contracts/agent.ts';
import { DurationSchema } from '../schemas.ts';

/** A function. */
export const FunctionSchema = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
});
const name = z.string().regex(/[a-z0-9]/i, { error: 'expected a name with a letter or a digit' });
const count = z.number().int().positive();

/** Options of every guardrail. */
export const CheckSchema = z.strictObject({
  name: name.optional(),
  limit: DurationSchema.optional(),
  trip: z
    .union([z.literal('person'), z.strictObject({ after: count, rest: DurationSchema })], {
      error: "expected 'person' or { after: 3, rest: '30s' }: how many failures in a row, 1 or more, and for how long",
    })
    .optional(),
});

const holdBack = z
  .number({ error: 'expected a number of characters, such as 64' })
  .int()
  .nonnegative({ error: 'expected a number of characters, 0 or more' })
  .optional();

/** The options of `guardrails.output`. */
export const OutputGuardrailSchema = CheckSchema.extend({ stream: z.boolean().optional(), holdBack });

/** The options of `guardrails.timeout`. */
export const TimeoutSchema = CheckSchema.extend({
  max: DurationSchema.optional(),
  requireExplicit: z.boolean().optional(),
}).refine(({ max, requireExplicit }) => max !== undefined || requireExplicit === true, {
  error: 'it limits nothing: give max, requireExplicit or both',
});

/** The options of `guardrails.budget`. */
export const BudgetGuardrailSchema = CheckSchema.extend({
  steps: count.optional(),
  tokens: count.optional(),
  usd: z.number().positive().optional(),
  toolCalls: Budget.shape.toolCalls,
  requireExplicit: z.boolean().optional(),
  allowExhausted: z.boolean().optional(),
}).refine(({ steps, tokens, usd, toolCalls }) => [steps, tokens, usd, toolCalls].some((each) => each !== undefined), {
  error: 'it limits nothing: give steps, tokens, usd or toolCalls',
});

/** The options of `guardrails.rateLimit`. */
export const RateLimitSchema = CheckSchema.extend({
  tasks: count.optional(),
  tokens: count.optional(),
  per: DurationSchema.optional(),
  key: FunctionSchema.optional(),
}).transform(({ per, tasks, tokens, ...rest }, { addIssue }) => {
  if (per !== undefined && (tasks !== undefined || tokens !== undefined)) return { ...rest, tasks, tokens, per };
  addIssue("it requires both how many (tasks, tokens or both) and per what time, such as { tasks: 10, per: '1m' }");
  return z.NEVER;
});

/** The options of `guardrails.tool`. */
export const ToolGuardrailSchema = CheckSchema.extend({
  allow: z.array(z.string().min(1)).optional(),
  deny: z.array(z.string().min(1)).optional(),
  writes: z.enum(['deny', 'ask', 'allow']).optional(),
});

const zod = z.custom<z.ZodType>((value) => typeof value === 'object' && value !== null && '_zod' in value, {
  error: 'expected a zod schema, such as z.object({ … })',
});
/** The options of `guardrails.schema`. */
export const SchemaGuardrailSchema = CheckSchema.extend({ input: zod.optional(), output: zod.optional(), holdBack })
  .refine(({ input, output }) => input !== undefined || output !== undefined, {
    error: 'it holds nothing to a schema: give input, output or both',
  })
  .refine(({ output, holdBack: characters }) => characters === undefined || output !== undefined, {
    error: 'holdBack says how much of the output is held back, and there is no output',
  });

/** The options of `guardrails.guardrail`. */
export const OwnGuardrailSchema = CheckSchema.extend({
  name,
  pre: FunctionSchema.optional(),
  mid: FunctionSchema.optional(),
  post: FunctionSchema.optional(),
  stream: FunctionSchema.optional(),
  tool: FunctionSchema.optional(),
  every: DurationSchema.optional(),
  holdBack,
})
  .refine(({ pre, mid, post, stream, tool }) => [pre, mid, post, stream, tool].some((each) => each !== undefined), {
    error: 'it looks at nothing: give pre, mid, post, stream or tool',
  })
  .refine(({ mid, every }) => every === undefined || mid !== undefined, {
    error: 'every says how often mid is asked, and there is no mid',
  })
  .refine(
    ({ post, stream, holdBack: characters }) => characters === undefined || post !== undefined || stream !== undefined,
    { error: 'holdBack says how much of what is said is held back, and there is neither post nor stream to judge it' },
  );

const pattern = z.custom<string | RegExp>(
  (value) => value instanceof RegExp || (typeof value === 'string' && value !== ''),
  { error: 'expected a text that is not empty, or a regular expression' },
);
/** A list of patterns, or a function. */
export const PatternsOrCheck = z.custom<readonly (string | RegExp)[] | ((...args: never[]) => unknown)>(
  (value) =>
    typeof value === 'function' ||
    (Array.isArray(value) && value.length > 0 && value.every((each) => pattern.safeParse(each).success)),
  { error: 'expected a function, or a list of texts and regular expressions with at least one' },
);
