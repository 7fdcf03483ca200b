/** Performs one checkpoint: its attempts, with the pauses between them, until one succeeds or none is left. */
import type { CheckpointRetries } from '../../src/flow/checkpointOptions.ts';
import { userFailure } from '../../src/flow/flowErrors.ts';
import { withoutSecrets } from '../../src/flow/withoutSecrets.ts';
import { backoff } from '../../src/values/backoff.ts';
import { sleep } from '../../src/values/clock.ts';
import { milliseconds } from '../../src/values/duration.ts';
import { fromFailure, type Failure } from '../../src/values/failure.ts';
import { attemptCall, type CheckpointToPerform } from './attemptCall.ts';
import type { FlowBody } from './flowBody.ts';
import type { PerformedResult } from './performedResult.ts';

/** An attempt that has ended. */
interface EndedAttempt {
  /** The first is 1. */
  readonly attempt: number;
  /** When it began. */
  readonly at: number;
  readonly result: PerformedResult;
}

/** Performs a checkpoint. A promise while it is under way, which never rejects: most calls need one attempt, and many of those are over at once. */
export function performCall(
  run: FlowBody,
  checkpoint: CheckpointToPerform,
): PerformedResult | Promise<PerformedResult> {
  const { id, lastAttempt } = checkpoint.call;
  // It was in doubt, and has not happened.
  if (lastAttempt !== undefined) return attempts(run, checkpoint, lastAttempt, 0);
  const before = run.book.attempts.get(id);
  if (before) return attempts(run, checkpoint, before.count + 1, before.next);
  const at = run.clock.now();
  const first = attemptCall(run, checkpoint, 1);
  return first instanceof Promise
    ? first.then((result) => followed(run, checkpoint, { attempt: 1, at, result }))
    : followed(run, checkpoint, { attempt: 1, at, result: first });
}

/** The result of an attempt, or that of the attempts that follow it. */
const followed = (
  run: FlowBody,
  checkpoint: CheckpointToPerform,
  ended: EndedAttempt,
): PerformedResult | Promise<PerformedResult> =>
  isFollowed(run, checkpoint, ended) ? retried(run, checkpoint, ended) : ended.result;

/** The same value without the secrets that checkpoints were given, wherever they have put them. */
export function withoutGivenSecrets<T>({ deps }: Pick<FlowBody, 'deps'>, value: T): T {
  const redact = deps.redactor?.();
  return redact ? withoutSecrets(value, redact) : value;
}

/** Attempts from this one on, which does not begin before `next`. `last`: what the one before came to. */
async function attempts(
  run: FlowBody,
  checkpoint: CheckpointToPerform,
  attempt: number,
  next: number,
  last?: PerformedResult,
): Promise<PerformedResult> {
  const { clock } = run;
  const { controller } = checkpoint.call;
  const pause = next - clock.now();
  if (pause > 0) await sleep(clock, pause, controller.signal).catch(() => {});
  // It is to stop. How the attempt before had ended in another process is not known here.
  if (controller.isAborted) return last ?? { outcome: { ok: false, failure: userFailure(controller.signal.reason) } };
  const at = clock.now();
  return followed(run, checkpoint, { attempt, at, result: await attemptCall(run, checkpoint, attempt) });
}

/** Records that an attempt has failed, and makes the next one. */
async function retried(
  run: FlowBody,
  checkpoint: CheckpointToPerform,
  { attempt, at, result }: EndedAttempt,
): Promise<PerformedResult> {
  const { outcome, metadata } = result;
  // Only those that have failed are followed by another one.
  if (outcome.ok) return result;
  const { failure } = outcome;
  const { id } = checkpoint.call;
  const now = run.clock.now();
  const next = now + pauseAfter(run, checkpoint, attempt, failure);
  const facts = metadata ? { metadata } : {};
  const record = { record: 'attempt', id, attempt, at, ms: now - at, failure, next, ...facts } as const;
  await run.work.attempted(withoutGivenSecrets(run, record));
  return attempts(run, checkpoint, attempt + 1, next, result);
}

/** The calls inside of a nested checkpoint have retries, and not that itself. */
const retriesOf = (
  { defaults }: FlowBody,
  { options: { nested, retries } }: CheckpointToPerform,
): number | CheckpointRetries => (nested ? 0 : (retries ?? defaults.retries ?? 0));

function isFollowed(run: FlowBody, checkpoint: CheckpointToPerform, { attempt, result }: EndedAttempt): boolean {
  const { outcome } = result;
  if (outcome.ok || checkpoint.call.controller.isAborted || isInDoubt(checkpoint, result)) return false;
  const retries = retriesOf(run, checkpoint);
  const { times = 0, on } = typeof retries === 'object' ? retries : { times: retries };
  return attempt <= times && (on ? on(fromFailure(outcome.failure)) : isWorthAnother(outcome.failure));
}

/** A write whose time was up in the middle may have happened, as one whose process died. */
export const isInDoubt = ({ options }: Pick<CheckpointToPerform, 'options'>, { isLate }: PerformedResult): boolean =>
  options.effect === 'write' && isLate === true;

/** Failures that another attempt meets again. */
const hopeless: readonly Failure['kind'][] = [
  'invalid',
  'denied',
  'cancelled',
  'definition',
  'scope',
  'uncertain',
  'auth',
];

function isWorthAnother({ kind, data }: Failure): boolean {
  const isUnstorable = kind === 'code' && (data as { reason?: unknown } | undefined)?.reason === 'serialization';
  return !hopeless.includes(kind) && !isUnstorable;
}

function pauseAfter(
  run: FlowBody,
  checkpoint: CheckpointToPerform,
  failed: number,
  { retryAfter = 0 }: Failure,
): number {
  const retries = retriesOf(run, checkpoint);
  const { backoff: first = 1_000, longest = 60_000 } = typeof retries === 'object' ? retries : {};
  const bounds = { first: milliseconds(first), longest: milliseconds(longest) };
  return Math.max(retryAfter, backoff(failed, bounds, run.clock.random()));
}
