/** How a command ends: an exit code for scripts and a message for people. */
import { toFailure, TroupeError, type FailureKind } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** The exit codes of every command. */
export const exitCodes = {
  done: 0,
  /** The run failed or was cancelled, or the command itself failed. */
  failed: 1,
  /** A wrong option, a wrong value, or a file that cannot be run. */
  usage: 2,
  /** The run waits until a person answers or resumes it; the message says how. */
  waiting: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** A mistake in a command line or a file. The message says what was expected, what came, and what to do. */
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

/** The exit code for an error: 2 for a mistake of the user, else 1. */
export const exitCodeOf = (thrown: unknown): number =>
  thrown instanceof UsageError ||
  (thrown instanceof TroupeError && (usageKinds.includes(thrown.kind) || isOtherRun(thrown)))
    ? exitCodes.usage
    : exitCodes.failed;

/** The key given belongs to a run of another input or definition. Any other conflict, such as a second answer, is no mistake in the command line. */
const isOtherRun = ({ kind, data }: TroupeError): boolean =>
  kind === 'conflict' && propertiesOf(data)['differs'] === true;

/** The message for an error. `UsageError` and `TroupeError` explain themselves; any other error is a defect, and is shown with its stack. */
export function cliErrorMessage(thrown: unknown): string {
  if (thrown instanceof UsageError) return thrown.message;
  if (thrown instanceof TroupeError) return `${thrown.message} (${thrown.kind})`;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

/** An error for programs, with `--json`: `kind` is that of its failure, and `usage` for a mistake in the command line or a file. */
export function errorRecord(thrown: unknown): JsonObject {
  if (thrown instanceof UsageError) return { error: { kind: 'usage', message: thrown.message, retryable: false } };
  const { kind, message, retryable } = toFailure(thrown);
  return { error: { kind, message, retryable } };
}
