/** What a workflow is told when a call of a tool begins to wait for a person. */
import * as z from 'zod';
import { anyJson } from '../../values/anyJson.ts';

/** A call that waits for a person. */
export const ApprovalNotice = z.object({
  type: z.literal('step.approval'),
  /** The step of the agent, with `.N` for an item. */
  step: z.string(),
  tool_name: z.string(),
  tool_use_id: z.string(),
  arguments: anyJson(),
});
export type ApprovalNotice = z.infer<typeof ApprovalNotice>;
