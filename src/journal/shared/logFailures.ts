/** Why the log of this process takes no more entries, in words for whoever runs it. */
import { reasonOf } from '../../values/cause.ts';
import { TroupeError } from '../../values/failure.ts';
import { storageReasonOf } from '../../values/storageReason.ts';

/** Why the server does not store, where it says so. */
export const reasonIn = (thrown: unknown): string | undefined =>
  thrown instanceof TroupeError ? storageReasonOf(thrown) : undefined;

/** The log of a process was ended by another one, which has taken its runs. */
export const fencedLogError = (name: string, by: string) =>
  new TroupeError(
    'fenced',
    `This process was taken for dead (it did not answer), and ${by} has ended its log: other processes go on with its runs. It may claim runs again.`,
    { data: { process: name, by } },
  );

/** Entries that were acknowledged are gone. */
export const olderLogError = () =>
  new TroupeError(
    'environment',
    "The server's shared journal is in an older state than the one that this process has written: entries that it had acknowledged are gone. It was restored from a backup, or its store or this log was emptied. Put the newer store back, and start again.",
    { data: { gone: true } },
  );

/** What no later attempt changes. */
export const goneLogError = (thrown: unknown): TroupeError =>
  thrown instanceof TroupeError
    ? thrown
    : new TroupeError('environment', `The shared journal cannot be written: ${reasonOf(thrown)}.`, { cause: thrown });
