/** What a failure means to a router: the kind of error of the task, whether it is the member's own fault, and whether another attempt may help. */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { TaskErrorKind } from '../../src/contracts/taskResult.ts';
import { makeFailure, refusalOfFailure } from '../failure.ts';
import type { TaskJob, StopReason } from './context.ts';

const transientKinds: ReadonlySet<string> = new Set([
  'transient',
  'timeout',
  'mailbox_full',
  'storage',
  'owned_elsewhere',
]);

export function errorKindOf({ kind, retryable }: Failure): TaskErrorKind {
  if (kind === 'cancelled') return 'cancelled';
  if (kind === 'expired') return 'deadlineExceeded';
  if (kind === 'budget') return 'budgetExhausted';
  return retryable || transientKinds.has(kind) ? 'transient' : 'permanent';
}

/** Why an attempt ended without an answer. If it was told to stop, the reason for that counts, and not what it says itself. */
export function attemptFailure(
  output: Exclude<AgentOutput, { status: 'completed' }>,
  stopping: StopReason | undefined,
): Failure {
  const said =
    output.status === 'failed' ? output.failure : makeFailure('cancelled', `It was stopped: ${output.reason}`);
  switch (stopping) {
    case 'timeout':
      return { ...makeFailure('timeout', 'The attempt took longer than the timeout of the task.'), retryable: true };
    case 'deadline':
      return makeFailure('expired', 'The deadline of the task passed before it was done.');
    case 'cancelled':
    case undefined:
      return said;
  }
}

const memberFaultKinds: ReadonlySet<string> = new Set(['environment', 'transient', 'timeout', 'internal', 'restarts']);

/** Whether the member itself is to blame, and not the task or a guardrail on the way. */
export const isOwnFault = (reason: Failure): boolean =>
  memberFaultKinds.has(reason.kind) && refusalOfFailure(reason) === undefined;

/** Whether the task's own policy allows another attempt after this one. */
export function mayRetryTask({ task, attempts, used }: TaskJob, reason: Failure): boolean {
  const { maxRetries = 0, condition = 'always' } = task.retry ?? {};
  const kind = errorKindOf(reason);
  if (attempts > maxRetries || condition === 'never') return false;
  if (kind === 'cancelled' || kind === 'deadlineExceeded') return false;
  if (task.budgetSteps !== undefined && used.steps >= task.budgetSteps) return false;
  // A refusal that is not transient stays a refusal.
  if (kind !== 'transient' && refusalOfFailure(reason) !== undefined) return false;
  return condition === 'always' || kind === 'transient';
}

/** Milliseconds until the next attempt: doubled with each, between half and all of that by chance, and never less than the failure's `retryAfter`. */
export function retryPauseAfter(
  { task, attempts }: TaskJob,
  { retryAfter = 0 }: Failure,
  chance: number,
  longest: number,
): number {
  const { backoff = 0 } = task.retry ?? {};
  const full = Math.min(longest, backoff * 2 ** Math.min(attempts - 1, 30));
  return Math.round(Math.max(retryAfter, full * (0.5 + chance / 2)));
}
