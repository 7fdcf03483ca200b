/** What failures mean to a router: which kind the task ended with, whose fault it was, and whether another attempt may help. */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { TaskErrorKind } from '../../src/contracts/task.ts';
import type { Refusal } from '../../src/contracts/work.ts';
import { failure } from '../failure.ts';
import type { Job, Stopping } from './context.ts';

const passing: ReadonlySet<string> = new Set(['transient', 'timeout', 'mailbox_full', 'storage', 'owned_elsewhere']);

export function errorKindOf({ kind, retryable }: Failure): TaskErrorKind {
  if (kind === 'cancelled') return 'cancelled';
  if (kind === 'expired') return 'deadlineExceeded';
  if (kind === 'budget') return 'budgetExhausted';
  return retryable || passing.has(kind) ? 'transient' : 'permanent';
}

/** Who turned it down, when it was not the member's own failure. */
export const refusalIn = ({ data }: Failure): Refusal | undefined =>
  typeof data === 'object' && data !== null && 'refusedBy' in data ? (data as Refusal) : undefined;

/** Why it did not end with an answer. One that was told to stop is not asked why. */
export function failureIn(
  output: Exclude<AgentOutput, { status: 'completed' }>,
  stopping: Stopping | undefined,
): Failure {
  const said = output.status === 'failed' ? output.failure : failure('cancelled', `It was stopped: ${output.reason}`);
  switch (stopping) {
    case 'timeout':
      return { ...failure('timeout', 'The attempt took longer than the timeout of the task.'), retryable: true };
    case 'deadline':
      return failure('expired', 'The deadline of the task passed before it was done.');
    case 'cancelled':
    case undefined:
      return said;
  }
}

const own: ReadonlySet<string> = new Set(['environment', 'transient', 'timeout', 'internal', 'restarts']);

/** Is it the fault of the member itself, and not of the task or of somebody on the way? */
export const isOwnFault = (reason: Failure): boolean => own.has(reason.kind) && refusalIn(reason) === undefined;

/** May another attempt be made after this one, as far as the task itself says? */
export function mayRetry({ task, attempts, used }: Job, reason: Failure): boolean {
  const { maxRetries = 0, condition = 'always' } = task.retry ?? {};
  const kind = errorKindOf(reason);
  if (attempts > maxRetries || condition === 'never') return false;
  if (kind === 'cancelled' || kind === 'deadlineExceeded') return false;
  if (task.budgetSteps !== undefined && used.steps >= task.budgetSteps) return false;
  // What was refused for good stays refused.
  if (kind !== 'transient' && refusalIn(reason) !== undefined) return false;
  return condition === 'always' || kind === 'transient';
}

/** Milliseconds until the next attempt: doubled with each, made uneven by chance, and no sooner than the other side asked for. */
export function pauseAfter({ task, attempts }: Job, { retryAfter = 0 }: Failure, chance: number, most: number): number {
  const { backoff = 0 } = task.retry ?? {};
  const full = Math.min(most, backoff * 2 ** Math.min(attempts - 1, 30));
  return Math.round(Math.max(retryAfter, full * (0.5 + chance / 2)));
}
