/** Failures as machines meet them: the engine hands them over as data; whatever else was thrown is a defect. */
import type { Failure, FailureKind } from '../src/contracts/failure.ts';

export const failure = (kind: FailureKind, message: string, data?: Failure['data']): Failure => ({
  kind,
  message,
  retryable: false,
  ...(data === undefined ? {} : { data }),
});

export const expired = failure('expired', 'The run did not end by its deadline. Give it more time, or less to do.');

/** `defect` is what becomes of anything else that was thrown. */
export function failureOf(
  error: unknown,
  defect: Pick<Failure, 'kind' | 'retryable'> = { kind: 'internal', retryable: false },
): Failure {
  const { kind, message, retryable } = (error ?? {}) as Partial<Failure>;
  if (typeof kind === 'string' && typeof message === 'string')
    return { ...(error as Failure), retryable: retryable === true };
  return { ...defect, message: typeof message === 'string' ? message : String(error) };
}
