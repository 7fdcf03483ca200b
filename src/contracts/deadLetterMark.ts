/**
 * The marks of dead letters that were sent again or dropped.
 *
 * DL1 A dead letter is never changed or deleted: a mark is another entry of the root's list. It is left in the inbox of the run, from any process, and put into
 *    the list by the process that has the run; an earlier version does the same, because it knows no such recipient.
 * DL2 The first mark of a kind counts, whichever process wrote it.
 */
import * as z from 'zod';
import type { DeadLetter } from './deadLetter.ts';
import type { Envelope } from './envelope.ts';
import type { Address } from '../values/ids.ts';

/** What a mark says of a dead letter. */
export const DeadLetterMark = z.object({
  /** The id of the dead letter. */
  letter: z.string(),
  /** What was done with it. */
  how: z.enum(['redriven', 'dropped']),
  /** When, in milliseconds since the epoch. */
  at: z.number(),
  /** Who did it. */
  by: z.string(),
  /** Why it was dropped. */
  reason: z.string().exactOptional(),
  /** The id under which it was sent again. */
  message: z.string().exactOptional(),
  /** Differs for each mark, so that two processes know which of them was first. */
  nonce: z.string(),
});
export type DeadLetterMark = z.infer<typeof DeadLetterMark>;

/** The type of the message that carries a mark. */
const markType = 'troupe.dead-letter-mark';

/** A mark as a message to no actor of the run. One that is left twice for the same letter is refused by the inbox. */
export const markMessage = (run: string, mark: DeadLetterMark): Envelope => ({
  id: `${mark.letter}/${mark.how}`,
  type: markType,
  body: mark,
  from: markAddress(run),
  to: markAddress(run),
  run,
  kind: 'tell',
  posted: mark.at,
});

const markAddress = (run: string): Address => `troupe.dead-letters/${run}`;

/** Is it a mark, and no message for an actor? */
export const isDeadLetterMark = ({ type, to, run }: Pick<Envelope, 'type' | 'to' | 'run'>): boolean =>
  type === markType && to === markAddress(run);

/** The mark that an entry of the list, or a message of the inbox, carries; undefined for all others. */
export function markIn({ type, body }: Pick<DeadLetter, 'type' | 'body'>): DeadLetterMark | undefined {
  return type === markType ? DeadLetterMark.safeParse(body).data : undefined;
}
