/** How a command ends: one number for scripts, one message for people. */
import { TroupeError, type FailureKind } from '../contracts/failure.ts';

export const exit = {
  done: 0,
  /** The run failed, was cancelled, or something broke. */
  failed: 1,
  /** A wrong flag, a wrong value, or a file that cannot be run. */
  usage: 2,
  /** The run stands still until a person answers or resumes it; the message says how. */
  waiting: 3,
  interrupted: 130,
} as const;

/** Something a person typed or wrote is wrong. The message says what was expected, what came, and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const usageKinds: readonly FailureKind[] = [
  'invalid',
  'definition',
  'unsupported',
  'unknown_recipient',
  'unknown_message',
];

export const codeOf = (thrown: unknown): number =>
  thrown instanceof UsageError || (thrown instanceof TroupeError && usageKinds.includes(thrown.kind))
    ? exit.usage
    : exit.failed;

/** What a person is told. A defect of ours shows where it happened; an error that explains itself does not. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof UsageError) return thrown.message;
  if (thrown instanceof TroupeError) return `${thrown.message} (${thrown.kind})`;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
