/** What travels between actors: one message and everything needed to deliver it once, in order and in time. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { Failure } from '../values/failure.ts';
import { Address } from '../values/ids.ts';

/** One message between two actors. */
export const Envelope = z.object({
  /** Same id, same message: the receiver handles it once however often it comes (E1). */
  id: z.string().min(1).max(400),
  /** The name of the message in the recipient's protocol, or the type of a machine event. */
  type: z.string().min(1).max(200),
  /** What the message says, in the shape that its type has in the recipient's protocol. */
  body: anyJson(),
  /** The address of the sender, to which replies go. */
  from: Address,
  /** The address of the recipient. */
  to: Address,
  /** The run that this message belongs to. */
  run: z.string(),
  /** `ask` expects a reply; `reply` and `failure` answer the message `correlation` names; `signal` is a bare machine event; `event` is for topics. */
  kind: z.enum(['ask', 'tell', 'reply', 'failure', 'signal', 'event']),
  /** The id of the ask that a reply or a failure answers; absent for other kinds. */
  correlation: z.string().optional(),
  /** The message that made the sender send this one. */
  causation: z.string().optional(),
  /** Milliseconds since the epoch; a later message is rejected before it is handled (E9). */
  deadline: z.number().optional(),
  /** When it was left in the journal for its recipient, in milliseconds since the epoch: what was due before is judged first. */
  posted: z.number().optional(),
});
export type Envelope = z.infer<typeof Envelope>;

/** The body of an envelope of kind `failure`. */
export const FailureBody = z.object({ failure: Failure });
