/** A question to a person: what is asked, about what, until when, and what happens when nobody answers. */
import * as z from 'zod';
import { json } from './json.ts';

/** The exact thing a ticket is about. An answer holds for this hash and no other. */
export const Subject = z.object({ tool: z.string(), input: json(), hash: z.string() });
export type Subject = z.infer<typeof Subject>;

/** What a ticket starts with. */
export const WaitInput = z.object({
  question: z.string(),
  subject: Subject.optional(),
  /** JSON Schema that an answer must fit. */
  schema: z.record(z.string(), json()),
  /** Milliseconds that it stays open. */
  deadline: z.number().positive(),
  onExpiry: z.union([z.literal('fail'), z.object({ default: json() })]),
});
export type WaitInput = z.infer<typeof WaitInput>;

/** What a person may say about a ticket. */
export const WaitSignal = z.discriminatedUnion('type', [
  z.object({ type: z.literal('wait.answer'), answer: json(), by: z.string().min(1) }),
  z.object({ type: z.literal('wait.abort'), reason: z.string(), by: z.string().min(1) }),
]);
export type WaitSignal = z.infer<typeof WaitSignal>;

/** How a ticket ended. `answer` is there when somebody answered, or nobody did and there was a default. */
export const WaitOutput = z.discriminatedUnion('status', [
  z.object({ status: z.literal('answered'), answer: json(), by: z.string() }),
  z.object({ status: z.literal('expired'), answer: json().optional() }),
  z.object({ status: z.literal('aborted'), reason: z.string(), by: z.string() }),
]);
export type WaitOutput = z.infer<typeof WaitOutput>;

/** The answer to a question whether a call may be made. */
export const Approval = z.object({ approved: z.boolean(), note: z.string().optional() });
export type Approval = z.infer<typeof Approval>;
