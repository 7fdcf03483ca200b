/** What the decision of a workflow tells observers: a step has ended without being begun. */
import * as z from 'zod';

/** A step that was transformed, skipped, or failed before it began. It is shown, and not stored. */
export const StepNote = z.object({
  type: z.literal('step'),
  step: z.string(),
  status: z.enum(['complete', 'skipped', 'failed']),
  /** Why it was skipped, or why it failed; absent for a step that is complete. */
  reason: z.string().optional(),
});
export type StepNote = z.infer<typeof StepNote>;
