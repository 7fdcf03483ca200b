/** What the runtime tells the orchestrator: that it lives, and how a step has ended. */
import * as z from 'zod';
import { named } from '../base/openapi.ts';
import { amount, someJson, someObject } from './json.ts';

/** What an agent used. */
export const CallbackMetrics = z.looseObject({
  model_resolved: z.string().default(''),
  tokens_in: amount.default(0),
  tokens_out: amount.default(0),
  cost_usd: amount.default(0),
  duration_ms: amount.default(0),
  llm_calls: amount.default(0),
  tool_calls: amount.default(0),
  reflect_calls: amount.optional(),
});

/** A call of a tool that waits for a person. */
export const PendingApproval = z.looseObject({
  tool_name: z.string(),
  tool_use_id: z.string(),
  arguments: someJson(),
  on_reject: z.string().default('fail'),
  timeout_ms: amount.default(0),
  timeout_behavior: z.string().default('fail'),
});

/** A message of the conversation of an agent. */
export const AgentMessage = z.looseObject({ role: z.string(), content: z.string() });
export type AgentMessage = z.infer<typeof AgentMessage>;

/** How a step of an agent has ended. */
export const CallbackPayload = named(
  'Callback',
  z.looseObject({
    run_id: z.string().min(1),
    step_id: z.string().min(1),
    status: z.enum(['ok', 'failed', 'pending_approval']),
    output: someObject().nullish(),
    error: z.string().optional(),
    /** The last text of the model, when it could not be read. */
    raw_output: z.string().optional(),
    metrics: CallbackMetrics.prefault({}),
    is_resume: z.boolean().optional(),
    messages: z.array(AgentMessage).nullish(),
    pending_approval: PendingApproval.nullish(),
    original_request: someJson().optional(),
  }),
);
export type CallbackPayload = z.infer<typeof CallbackPayload>;

/** The runtime lives, and works on these steps. Any object is accepted; what has another form counts as no work. */
export const HeartbeatBody = z.looseObject({
  runtime_id: z.string().catch(''),
  active: z.array(z.object({ run_id: z.string(), step_id: z.string() })).catch([]),
});
export type HeartbeatBody = z.infer<typeof HeartbeatBody>;
