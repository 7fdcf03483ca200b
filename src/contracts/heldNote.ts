/** Notes of progress that wait for the judgement of guardrails, and the judgement that they wait for. Observers see neither: they get the notes themselves, once they may. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';

/** A note that was made behind guardrails, and is shown when they have let the work through. */
export const HeldNote = z.object({
  type: z.literal('troupe.held'),
  /** For each guardrail around it, from the inside to the outside: whether the note waits for it. */
  holders: z.array(z.boolean()),
  note: anyJson(),
});
export type HeldNote = z.infer<typeof HeldNote>;

/** What the check of a guardrail said about the result of a piece of work. */
export const JudgedNote = z.object({ type: z.literal('troupe.judged'), work: z.string(), ok: z.boolean() });
export type JudgedNote = z.infer<typeof JudgedNote>;

/** In place of the words of a failure that guardrails have not judged. */
export const unjudgedReason =
  'It failed. Why is not shown, because the guardrails have not judged it; the journal has it.';
