/** Decides whether a posted message is new, known already, or too late: so a ticket is answered once, whichever process answers it. */
import type { Envelope } from '../contracts/envelope.ts';
import { TroupeError } from '../values/failure.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../values/json.ts';

const { isDeepStrictEqual } = process.getBuiltinModule('node:util');

/** What a journal knows of a message's recipient and of its id. */
export interface KnownMessage {
  /** The status of its recipient; undefined when there is no such actor (yet). */
  readonly status: ActorStatus | undefined;
  /** The message that was handled under this id. */
  readonly handled: { readonly body: Json } | undefined;
  /** The message that waits in the inbox under this id. */
  readonly waiting: Envelope | undefined;
}

/** False when the same message was posted before. Throws `conflict` when its recipient has ended, or another message has its id. */
export function isNewMessage({ id, to, body }: Envelope, { status, handled, waiting }: KnownMessage): boolean {
  const before = handled ?? waiting;
  if (before && isDeepStrictEqual(before.body, body)) return false;
  if (status !== undefined && status !== 'active')
    throw new TroupeError('conflict', `${to} has ended (${status}); it takes no more messages.`, { data: { status } });
  if (before)
    throw new TroupeError('conflict', `Another message was left for ${to} before, with the same id.`, {
      data: { id },
    });
  return true;
}
