/** What the orchestrator asks of a runtime: one agent, with everything resolved. It holds secrets: it is sent, and never stored or logged. */
import * as z from 'zod';
import { named } from '../base/openapi.ts';
import { amount, someJson, someObject } from './json.ts';
import { AgentMessage } from './stepMessages.ts';

/** A tool server of an agent. */
export const ServerRequest = z.looseObject({
  name: z.string(),
  /** Empty when it has a `command`. */
  url: z.string().default(''),
  /** How it is reached at its URL; ours. */
  transport: z.enum(['http', 'sse']).optional(),
  /** A program to start instead, and what it is given; ours. */
  command: z.string().optional(),
  args: z.array(z.string()).optional(),
  allowlist: z.array(z.string()).nullish(),
  persistent_id: z.string().optional(),
  auth_header: z.string().optional(),
  auth_value: z.string().optional(),
  params: z.record(z.string(), someJson()).nullish(),
  /** The names of the parameters that are secret. */
  secret_keys: z.array(z.string()).nullish(),
  approval_rules: z
    .array(
      z.looseObject({
        pattern: z.string(),
        on_reject: z.string().default('fail'),
        /** Milliseconds; 0 for no limit. */
        timeout_ms: amount.default(0),
        timeout_behavior: z.string().default('fail'),
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
    agent_name: z.string().default(''),
    system: z.string().default(''),
    user_message: z.string().default(''),
    reflect: z.string().optional(),
    confidence_threshold: z.number().optional(),
    /** 10 when it is not positive. */
    max_turns: z.int().default(0),
    model: z.looseObject({ group: z.string().default(''), max_tokens: z.int().default(0) }).prefault({}),
    tool_servers: z.array(ServerRequest).nullish(),
    output_schema: someObject().nullish(),
    /** The schema of the step, which the output must fit as well; ours. */
    step_schema: someObject().nullish(),
    /** The conversation so far, for a step that goes on after a decision. */
    messages: z.array(AgentMessage).nullish(),
    /** The calls that were approved. */
    approved_tool_calls: z.array(z.string()).nullish(),
    is_resume: z.boolean().optional(),
    /** What it may cost, in US dollars; ours. */
    budget_usd: amount.optional(),
  }),
);
export type InvokeRequest = z.infer<typeof InvokeRequest>;

/** The runtime works on it. */
export const InvokeAccepted = named(
  'StepAccepted',
  z.object({ run_id: z.string(), step_id: z.string(), status: z.literal('accepted') }),
);
