/** What the orchestrator asks of a runtime: one agent, with everything resolved. It holds secrets: it is sent, and never stored or logged. */
import * as z from 'zod';
import { nullAsAbsent } from '../../../contracts/workflow/nullAsAbsent.ts';
import { named } from '../base/openapi.ts';
import { amount, someJson, someObject } from './json.ts';
import { AgentMessage } from './stepMessages.ts';

/** A tool server of an agent. */
export const ServerRequest = z.looseObject({
  name: z.string(),
  /** Empty when it has a `command`. */
  url: nullAsAbsent(z.string().default('')),
  /** How it is reached at its URL; ours. */
  transport: nullAsAbsent(z.enum(['http', 'sse']).optional()),
  /** A program to start instead, and what it is given; ours. */
  command: nullAsAbsent(z.string().optional()),
  args: nullAsAbsent(z.array(z.string()).optional()),
  allowlist: z.array(z.string()).nullish(),
  persistent_id: nullAsAbsent(z.string().optional()),
  auth_header: nullAsAbsent(z.string().optional()),
  auth_value: nullAsAbsent(z.string().optional()),
  params: z.record(z.string(), someJson()).nullish(),
  /** The names of the parameters that are secret. */
  secret_keys: z.array(z.string()).nullish(),
  approval_rules: z
    .array(
      z.looseObject({
        pattern: z.string(),
        on_reject: nullAsAbsent(z.string().default('fail')),
        /** Milliseconds; 0 for no limit. */
        timeout_ms: nullAsAbsent(amount.default(0)),
        timeout_behavior: nullAsAbsent(z.string().default('fail')),
      }),
    )
    .nullish(),
});

export type ServerRequest = z.infer<typeof ServerRequest>;

/** The work of one agent step. */
export const InvokeRequest = named(
  'AgentInvocation',
  z.looseObject({
    run_id: z.string().min(1),
    step_id: z.string().min(1),
    /** Gets the result, exactly as it was given. */
    callback_url: z.string().min(1),
    agent_name: nullAsAbsent(z.string().default('')),
    system: nullAsAbsent(z.string().default('')),
    user_message: nullAsAbsent(z.string().default('')),
    reflect: nullAsAbsent(z.string().optional()),
    confidence_threshold: nullAsAbsent(z.number().optional()),
    /** 10 when it is not positive. */
    max_turns: nullAsAbsent(z.int().default(0)),
    model: nullAsAbsent(
      z
        .looseObject({ group: nullAsAbsent(z.string().default('')), max_tokens: nullAsAbsent(z.int().default(0)) })
        .prefault({}),
    ),
    tool_servers: z.array(ServerRequest).nullish(),
    output_schema: someObject().nullish(),
    /** The schema of the step, which the output must fit as well; ours. */
    step_schema: someObject().nullish(),
    /** The conversation so far, for a step that goes on after a decision. */
    messages: z.array(AgentMessage).nullish(),
    /** The calls that were approved. */
    approved_tool_calls: z.array(z.string()).nullish(),
    is_resume: nullAsAbsent(z.boolean().optional()),
    /** What it may cost, in US dollars; ours. */
    budget_usd: nullAsAbsent(amount.optional()),
  }),
);
export type InvokeRequest = z.infer<typeof InvokeRequest>;

/** The runtime works on it. */
export const InvokeAccepted = named(
  'StepAccepted',
  z.object({ run_id: z.string(), step_id: z.string(), status: z.literal('accepted') }),
);
