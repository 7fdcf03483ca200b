/** What a runtime asks of a gateway, and what it answers. */
import * as z from 'zod';
import type { GatewayErrorCode } from '../../../gateway/groups/codes.ts';
import { named } from '../base/openapi.ts';
import { amount, someJson, someObject } from './json.ts';

const ToolCall = z.object({ id: z.string(), name: z.string(), arguments: someJson() });

/** One request to a model of a group. */
export const ModelInvocation = named(
  'ModelInvocation',
  z.looseObject({
    run_id: z.string().default(''),
    step_id: z.string().default(''),
    group: z.string().default(''),
    messages: z
      .array(
        z.looseObject({
          role: z.string(),
          content: z.string().nullish(),
          /** Of an assistant. */
          tool_calls: z.array(ToolCall).nullish(),
          /** Of a tool: the call that it answers. */
          tool_call_id: z.string().optional(),
        }),
      )
      .nullish(),
    max_tokens: z.int().default(0),
    temperature: z.number().nullish(),
    tools: z
      .array(
        z.looseObject({ name: z.string(), description: z.string().default(''), input_schema: someObject().nullish() }),
      )
      .nullish(),
  }),
);
export type ModelInvocation = z.infer<typeof ModelInvocation>;

/** The answer of a model. */
export const ModelResult = named(
  'ModelResult',
  z.object({
    content: z.string(),
    /** `provider/model`. */
    model_resolved: z.string(),
    tokens_in: amount,
    tokens_out: amount,
    cost_usd: amount,
    tool_calls: z.array(ToolCall).optional(),
  }),
);
export type ModelResult = z.infer<typeof ModelResult>;

/** A request that the gateway refuses, or that its provider refused. */
export const GatewayRefusal = named(
  'GatewayRefusal',
  z.object({ error: z.string(), message: z.string(), retryable: z.boolean() }),
);
/** The same, with a code that the contract knows. */
export interface GatewayRefusal extends z.infer<typeof GatewayRefusal> {
  readonly error: GatewayErrorCode;
}
