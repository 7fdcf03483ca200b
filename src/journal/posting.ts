/** May a message be left? A ticket is answered once, whoever answers it and from wherever. */
import { isDeepStrictEqual } from 'node:util';
import type { Envelope } from '../contracts/envelope.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';

export interface Known {
  /** How its recipient stands; undefined when it is not there (yet). */
  readonly status: ActorStatus | undefined;
  /** What was handled under its id. */
  readonly handled: { readonly body: Json } | undefined;
  /** What lies there under its id. */
  readonly lying: Envelope | undefined;
}

/** False when it was left before. Throws `conflict` when it comes too late, or its id was given to another message. */
export function isNew({ id, to, body }: Envelope, { status, handled, lying }: Known): boolean {
  const before = handled ?? lying;
  if (before && isDeepStrictEqual(before.body, body)) return false;
  if (status !== undefined && status !== 'active')
    throw new TroupeError('conflict', `${to} has ended (${status}); it takes no more messages.`, { data: { status } });
  if (before)
    throw new TroupeError('conflict', `Another message was left for ${to} before, with the same id.`, {
      data: { id },
    });
  return true;
}
