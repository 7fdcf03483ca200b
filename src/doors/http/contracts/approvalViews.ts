/** Approvals of tool calls as the orchestrator shows them over HTTP, and the decisions about them. */
import * as z from 'zod';
import { named } from '../base/openapi.ts';
import { amount, someJson, timestamp } from './json.ts';

/** A call of a tool that a person decides about. Secrets are taken out of it before. */
export const ApprovalView = named(
  'Approval',
  z.object({
    run_id: z.string(),
    step_id: z.string(),
    tool_name: z.string(),
    tool_use_id: z.string(),
    /** Names this call alone, where several of a step have the same `tool_use_id`; ours. */
    ticket_id: z.string(),
    arguments: someJson(),
    on_reject: z.string(),
    /** Milliseconds; 0 for no limit. */
    timeout_ms: amount,
    timeout_behavior: z.string(),
    status: z.enum(['pending', 'approved', 'rejected', 'timeout']),
    created_at: timestamp,
    decided_at: timestamp.optional(),
    /** Who decided, as the decision said it; ours. */
    decided_by: z.string().optional(),
    /** What the person said; ours. */
    reason: z.string().optional(),
    original_request: someJson().optional(),
    partial_metrics: someJson().optional(),
  }),
);
export type ApprovalView = z.infer<typeof ApprovalView>;

/** Approvals that are pending, of all runs. */
export const ApprovalList = z.array(ApprovalView);

const reason = z.string().max(4_000).optional();
/** Who decides, for those who ask later; `a person over HTTP` by default. */
const by = z.string().trim().min(1).max(200).optional();

/** The body of `decide`. Both spellings of each word are accepted. */
export const DecisionBody = named(
  'Decision',
  z.looseObject({
    decision: z.enum(['approved', 'rejected', 'approve', 'reject']),
    reason,
    by,
    /** Which call of the step is meant; the one that is pending by default, if it is one. */
    tool_use_id: z.string().optional(),
    /** The same, by what only this call has; ours. */
    ticket_id: z.string().optional(),
  }),
);

/** The body of `approve` and `reject`: which approval of the run is meant, when there are several. */
export const ChoiceBody = z.looseObject({
  step_id: z.string().optional(),
  tool_use_id: z.string().optional(),
  ticket_id: z.string().optional(),
  reason,
  by,
});
