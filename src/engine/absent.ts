/** Answers for an actor that this host does not run: it may have ended, and have answered before that; or not be resumed yet. */
import type { Envelope } from '../contracts/envelope.ts';
import { endedError } from '../core/rejections.ts';
import type { Journal } from '../journal/journal.ts';
import { TroupeError } from '../values/failure.ts';
import { wasHandled } from './duplicates.ts';

/** Resolves with true for a message that the actor had handled; its answer is sent again. Rejects with the reason for any other. */
export async function receiveForAbsent(
  { to, id, body, kind, from }: Envelope,
  journal: Journal,
  send: (reply: Envelope) => void,
): Promise<boolean> {
  const message = { id, body, asker: kind === 'ask' ? from : undefined };
  if (await wasHandled(journal, to, message, send)) return true;
  const [row] = await journal.find({ actor: to });
  if (!row) throw new TroupeError('unknown_recipient', `No actor has the address ${to}.`);
  if (row.status !== 'active') throw endedError(to, row.status);
  throw new TroupeError(
    'owned_elsewhere',
    `${to} is alive, but not in this process; its run ${row.run} can be resumed.`,
  );
}
