/** A question to a person (a ticket): what is asked, about what, until when, and what happens without an answer. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';

/** The exact call a ticket is about. An answer is valid for this hash and no other. */
export const ApprovalSubject = z.object({ tool: z.string(), input: anyJson(), hash: z.string() });
export type ApprovalSubject = z.infer<typeof ApprovalSubject>;

/** The actor type of every ticket: the first part of its address. */
export const ticketType = 'wait';

/** A question of a flow without a deadline stays open as long as anybody can want; a timer needs an end. Ten years, in milliseconds. */
export const longestWait = 10 * 365 * 24 * 3_600_000;

/** What a ticket starts with. */
export const WaitInput = z.object({
  /** The name under which it can be answered, beside its address: that of a wait of a flow. */
  name: z.string().optional(),
  question: z.string(),
  /** Facts for those who answer. */
  metadata: z.record(z.string(), anyJson()).optional(),
  subject: ApprovalSubject.optional(),
  /** JSON Schema that an answer must fit. */
  schema: z.record(z.string(), anyJson()),
  /** How long it stays open, in milliseconds. */
  deadline: z.number().positive(),
  /** When that is, in milliseconds since the epoch, for one who may ask again: an answer tells it too. */
  until: z.number().optional(),
  onExpiry: z.union([z.literal('fail'), z.object({ default: anyJson() })]),
  /** The one attempt that an answer is for: a retry of the run has others, and asks again. Without it the answer is kept. */
  attempt: z.string().optional(),
});
export type WaitInput = z.infer<typeof WaitInput>;

/** Who settles a ticket. `request`: one request, of any number that say the same; all but the first are refused. */
const Settler = z.object({ by: z.string().min(1), request: z.string().optional() });

/** What a person may say about a ticket. */
export const WaitSignal = z.discriminatedUnion('type', [
  Settler.extend({ type: z.literal('wait.answer'), answer: anyJson() }),
  Settler.extend({ type: z.literal('wait.abort'), reason: z.string() }),
]);
export type WaitSignal = z.infer<typeof WaitSignal>;

/** How a ticket ended. `answer` is there when a person answered, or when there was a default. */
export const WaitOutput = z.discriminatedUnion('status', [
  z.object({ status: z.literal('answered'), answer: anyJson(), by: z.string(), until: z.number().optional() }),
  z.object({ status: z.literal('expired'), answer: anyJson().optional() }),
  z.object({ status: z.literal('aborted'), reason: z.string(), by: z.string() }),
]);
export type WaitOutput = z.infer<typeof WaitOutput>;

/** The answer to the question whether a call may be made. */
export const Approval = z.object({ approved: z.boolean(), note: z.string().optional() });
export type Approval = z.infer<typeof Approval>;
