/** What the runtime tells the orchestrator: that it lives, and how a step has ended. */
import * as z from 'zod';
import { nullAsAbsent } from '../../../contracts/workflow/nullAsAbsent.ts';
import { named } from '../base/openapi.ts';
import { amount, someJson, someObject } from './json.ts';

/** What an agent used. */
export const CallbackMetrics = z.looseObject({
  model_resolved: nullAsAbsent(z.string().default('')),
  tokens_in: nullAsAbsent(amount.default(0)),
  tokens_out: nullAsAbsent(amount.default(0)),
  cost_usd: nullAsAbsent(amount.default(0)),
  duration_ms: nullAsAbsent(amount.default(0)),
  llm_calls: nullAsAbsent(amount.default(0)),
  tool_calls: nullAsAbsent(amount.default(0)),
  reflect_calls: nullAsAbsent(amount.optional()),
});

/** A call of a tool that waits for a person. */
export const PendingApproval = z.looseObject({
  tool_name: z.string(),
  tool_use_id: z.string(),
  arguments: someJson(),
  on_reject: nullAsAbsent(z.string().default('fail')),
  timeout_ms: nullAsAbsent(amount.default(0)),
  timeout_behavior: nullAsAbsent(z.string().default('fail')),
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
    error: nullAsAbsent(z.string().optional()),
    /** The last text of the model, when it could not be read. */
    raw_output: nullAsAbsent(z.string().optional()),
    metrics: nullAsAbsent(CallbackMetrics.prefault({})),
    is_resume: nullAsAbsent(z.boolean().optional()),
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
