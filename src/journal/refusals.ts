/** The errors with which every kind of journal refuses a write or a claim (J3). */
import { TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';

/** The run is claimed under another epoch than the commit's; `current` is undefined when it was never claimed. */
export const fencedError = (run: string, epoch: number, current: number | undefined): TroupeError =>
  new TroupeError(
    'fenced',
    `The run ${run} is owned under epoch ${current ?? 'none'}; a commit under epoch ${epoch} is refused. Another process has taken it over.`,
    { data: { run, epoch } },
  );

/** The commit's `seq` is not the actor's revision + 1. */
export const wrongRevisionError = (actor: Address, revision: number, seq: number): TroupeError =>
  new TroupeError('conflict', `${actor} is at revision ${revision}; a commit of revision ${seq} is refused.`, {
    data: { actor, expected: revision + 1, seq },
  });

/** The actor has handled a message of this id before. */
export const duplicateMessageError = (actor: Address, id: string): TroupeError =>
  new TroupeError('conflict', `${actor} has handled the message ${id} before.`, { data: { duplicate: true, id } });

/** There is no such actor, so it can have no result. */
export const unknownActorError = (actor: Address): TroupeError =>
  new TroupeError('unknown_recipient', `There is no actor ${actor} whose result could be kept.`);

/** The run has no actor at all, so no list for dead letters. */
export const unknownRunError = (run: string): TroupeError =>
  new TroupeError('unknown_recipient', `The run ${run} has no actor that could keep a dead letter.`);

/** The claim is refused because another owner's lease, until this time in milliseconds since the epoch, has not expired. */
export const ownedElsewhereError = (
  run: string,
  { owner, until }: { readonly owner: string; readonly until: number },
): TroupeError =>
  new TroupeError(
    'owned_elsewhere',
    `The run ${run} is being run by another process (${owner}). Wait for it, cancel it there, or let it park (Ctrl-C).`,
    { data: { owner, until } },
  );
