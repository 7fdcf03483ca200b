/** Which runs can be retried, and what is said of one whose stored result is a failure. */
import { fromFailure, TroupeError, type Failure } from '../values/failure.ts';
import { isJsonObject } from '../values/json.ts';
import type { ActorRow } from '../journal/journal.ts';
import { hasFailedTask } from './kept.ts';
import { outcomeOf } from './outcome.ts';

/** Has the run failed, or a task of its orchestration? */
export const mayRetry = (root: ActorRow): boolean => outcomeOf(root)?.status === 'failed' || hasFailedTask(root);

/** Throws `conflict` for a run that cannot be retried, with what it is and what can be done instead. */
export function requireFailed(root: ActorRow): void {
  const { run } = root;
  if (mayRetry(root)) return;
  const outcome = outcomeOf(root);
  const says =
    outcome === undefined
      ? `goes on, so there is nothing to retry. Continue it with "troupe runs resume ${run}"`
      : outcome.status === 'cancelled'
        ? `was cancelled: ${endSentence(outcome.reason)} Only a run that failed is retried; start another with another key`
        : `is done, so there is nothing to retry. Its result: "troupe runs get ${run}"`;
  throw new TroupeError('conflict', `The run "${run}" ${says}.`, { data: { status: outcome?.status ?? 'active' } });
}

/** A reason is often a sentence, and often a word. */
const endSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** A retry is of a run that is stored, which only its key names. */
export const retryWithoutKey = () =>
  new TroupeError('invalid', 'A retry goes on with a stored run: name it with its key, { key, retry: true }.');

/** The stored failure of a run, with when it failed and how to go on from there. */
export const storedFailureText = (run: string, endedAt: number, { message }: Failure): string =>
  `${message} This is the stored failure of the run "${run}", from ${new Date(endedAt).toISOString()}: nothing was done again. Go on from the step that failed with { key: '${run}', retry: true }, or "troupe runs retry ${run}".`;

/** The error of a run that had failed before it was asked for. */
export function storedFailureError(run: string, endedAt: number, failure: Failure): TroupeError {
  const data = isJsonObject(failure.data) ? failure.data : failure.data === undefined ? {} : { data: failure.data };
  return fromFailure({
    ...failure,
    message: storedFailureText(run, endedAt, failure),
    data: { ...data, stored: { run, at: endedAt } },
  });
}
