/** What can be done with dead letters, which are messages that no actor accepted. */
import * as z from 'zod';
import { anyJson } from '../../values/anyJson.ts';
import { Envelope } from '../envelope.ts';
import { Failure } from '../../values/failure.ts';

/** A dead letter, with what was done with it. */
export const DeadLetterInfo = z.object({
  /** The id of the message. */
  letter_id: z.string(),
  /** The run that it belongs to. */
  exec_id: z.string(),
  /** The address of the actor that keeps it. */
  kept_by: z.string(),
  /** The name of the message. */
  type: z.string(),
  /** The address of its sender. */
  from: z.string(),
  /** The recipient: an address; for an event that a machine sent to no existing actor, a name of the machine's. */
  to: z.string(),
  /** The kind of the message, such as `tell`; absent where it is not known. */
  kind: Envelope.shape.kind.exactOptional(),
  /** What the message said. */
  body: anyJson(),
  /** When it was given up, in milliseconds since the epoch. */
  died_at: z.number(),
  /** Why no actor accepted it. */
  failure: Failure,
  /** What was done with it; absent while nothing was. */
  settled: z
    .object({
      /** Sent again, or dropped. */
      how: z.enum(['redriven', 'dropped']),
      /** When, in milliseconds since the epoch. */
      at: z.number(),
      /** Who did it. */
      by: z.string(),
      /** Why it was dropped; absent where nobody said it. */
      reason: z.string().exactOptional(),
      /** The id under which it was sent again. */
      message_id: z.string().exactOptional(),
    })
    .exactOptional(),
});
export type DeadLetterInfo = z.infer<typeof DeadLetterInfo>;

/** Dead letters. Each call rejects with `unknown_recipient` for a letter that there is not. */
export interface DeadLettersClient {
  /** Those with which nothing was done, newest first. */
  list(query?: {
    /** Only those of this run. */
    readonly exec_id?: string;
    /** Those that were sent again or dropped, too; false by default. */
    readonly all?: boolean;
    /** How many at most; 100 by default. */
    readonly limit?: number;
  }): Promise<readonly DeadLetterInfo[]>;
  /** One of them. */
  get(letter: string): Promise<DeadLetterInfo>;
  /**
   * Sends it again, as a new message to the same actor, once: rejects with `conflict` when that was done before, or when the actor has ended. A message that dies again is a dead
   * letter of its own. One that was dropped can be sent again.
   */
  redrive(
    letter: string,
    options?: {
      /** Who does it, for the record; the client's `by` by default. */
      readonly by?: string;
    },
  ): Promise<DeadLetterInfo>;
  /** Marks it as dropped; nothing is deleted. Rejects with `conflict` when it was dropped or sent again before. */
  drop(
    letter: string,
    options?: {
      /** Why, for the record. */
      readonly reason?: string;
      /** Who does it, for the record; the client's `by` by default. */
      readonly by?: string;
    },
  ): Promise<DeadLetterInfo>;
}
