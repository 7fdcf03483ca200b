/** One call of a model group over HTTP: what is asked, and what is answered. What is marked as ours another system need not send. */
import * as z from 'zod';
import type { Json } from '../../values/json.ts';
import { MediaPart } from '../media.ts';
import { FinishReason } from '../model.ts';
import { nullAsAbsent } from './nullAsAbsent.ts';

/** Any JSON value: what arrives was parsed as JSON already, so the type holds without a look into it. */
const json = () => z.unknown() as z.ZodType<Json>;
const jsonObject = () => z.record(z.string(), json());

const InvokeCall = z.looseObject({
  id: z.string(),
  name: z.string().min(1),
  /** `{ _raw }` for what the model wrote in place of an object. */
  arguments: nullAsAbsent(jsonObject().default({})),
  /** Numbers that would have lost digits, as the model wrote them; in the arguments they are texts. Ours. */
  inexact: z.array(z.string()).nullish(),
});

/** A message of a conversation. */
const InvokeMessage = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().nullish(),
  /** The calls that an assistant's message made. */
  tool_calls: z.array(InvokeCall).nullish(),
  /** The call that a message of the role `tool` answers. */
  tool_call_id: z.string().nullish(),
  /** The call has failed. Ours. */
  is_error: z.boolean().nullish(),
  /** Images, audio and files beside the text, with their bytes in base64. Ours. */
  parts: z.array(MediaPart.omit({ at: true }).extend({ data: z.string().optional() })).nullish(),
  /** What the provider wants back with the message of an assistant, as `ProviderContent`. Ours. */
  provider: z.record(z.string(), z.unknown()).nullish(),
});
export type InvokeMessage = z.infer<typeof InvokeMessage>;

/** A request to a group. */
export const GatewayInvokeRequest = z.looseObject({
  run_id: nullAsAbsent(z.string().default('')),
  step_id: nullAsAbsent(z.string().default('')),
  /** The name of the model group. */
  group: nullAsAbsent(z.string().default('')),
  messages: z.array(InvokeMessage).min(1),
  /** The most tokens of the answer; 1,024 by default, and for 0. */
  max_tokens: z.int().nonnegative().nullish(),
  /** What the call may cost, in US dollars: one that could cost more is refused with `budget_exceeded`. No limit by default. Ours. */
  budget_usd: z.number().nonnegative().nullish(),
  /** That of the group by default. */
  temperature: z.number().nonnegative().nullish(),
  tools: z
    .array(
      z.looseObject({
        name: z.string().min(1),
        description: nullAsAbsent(z.string().default('')),
        /** JSON Schema of an object. */
        input_schema: jsonObject().nullish(),
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
  tokens_in: z.number().nonnegative(),
  tokens_out: z.number().nonnegative(),
  /** US dollars; 0 when the price is not known. Attempts that failed are in it. */
  cost_usd: z.number().nonnegative(),
  tool_calls: z.array(InvokeCall).nullish(),
  /** Why the answer is not whole; absent when it is. Ours. */
  finish_reason: FinishReason.extract(['length', 'refused']).optional(),
  /** What the provider wants back with this answer, as `ProviderContent`. Ours. */
  provider: z.record(z.string(), z.unknown()).optional(),
});
export type GatewayInvokeAnswer = z.infer<typeof GatewayInvokeAnswer>;
