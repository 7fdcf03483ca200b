/** One call of a model group over HTTP: what is asked, and what is answered. */
import * as z from 'zod';
import { anyJson } from '../../values/anyJson.ts';

const InvokeCall = z.object({
  id: z.string(),
  name: z.string().min(1),
  arguments: z.record(z.string(), anyJson()).default({}),
});

/** A request to a group. */
export const GatewayInvokeRequest = z.object({
  run_id: z.string().default(''),
  step_id: z.string().default(''),
  /** The name of the model group. */
  group: z.string(),
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z
          .string()
          .nullish()
          .transform((text) => text ?? ''),
        /** The calls that an assistant's message made. */
        tool_calls: z.array(InvokeCall).nullish(),
        /** The call that a message of the role `tool` answers. */
        tool_call_id: z.string().nullish(),
      }),
    )
    .min(1),
  /** The most tokens of the answer; 1,024 by default. */
  max_tokens: z
    .number()
    .int()
    .nonnegative()
    .nullish()
    .transform((count) => count || 1_024),
  /** That of the group by default. */
  temperature: z.number().nonnegative().nullish(),
  tools: z
    .array(
      z.object({
        name: z.string().min(1),
        description: z.string().default(''),
        /** JSON Schema of an object. */
        input_schema: z.record(z.string(), anyJson()).default({ type: 'object' }),
      }),
    )
    .nullish(),
});
export type GatewayInvokeRequest = z.infer<typeof GatewayInvokeRequest>;

/** An answer of a group. */
export const GatewayInvokeAnswer = z.object({
  content: z.string(),
  /** `provider/model`. */
  model_resolved: z.string(),
  tokens_in: z.number(),
  tokens_out: z.number(),
  /** US dollars; 0 when the price is not known. Attempts that failed are in it. */
  cost_usd: z.number(),
  tool_calls: z
    .array(z.object({ id: z.string(), name: z.string(), arguments: z.record(z.string(), anyJson()) }))
    .optional(),
});
export type GatewayInvokeAnswer = z.infer<typeof GatewayInvokeAnswer>;
