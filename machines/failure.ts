/** Failures as the charts read and make them. The engine passes failures as data; anything else that was thrown is a defect. */
import type { Failure, FailureKind } from '../src/values/failure.ts';
import type { Refusal } from '../src/contracts/work.ts';
import { propertiesOf } from '../src/values/properties.ts';

/** Makes a failure that is not to be tried again. */
export const makeFailure = (kind: FailureKind, message: string, data?: Failure['data']): Failure => ({
  kind,
  message,
  retryable: false,
  ...(data === undefined ? {} : { data }),
});

/** The failure of a run whose deadline has passed. */
export const runExpired = makeFailure(
  'expired',
  'The run did not end by its deadline. Give it more time, or less to do.',
);

/** What was thrown, as a failure. `defect` says what becomes of a value that is not a failure: `internal` by default. */
export function failureOf(
  error: unknown,
  defect: Pick<Failure, 'kind' | 'retryable'> = { kind: 'internal', retryable: false },
): Failure {
  const { kind, message, retryable } = propertiesOf(error);
  // The engine passes failures whole; their kind is one of ours.
  if (typeof kind === 'string' && typeof message === 'string')
    // Those of an Error are not copied by a spread.
    return { ...(error as Failure), kind: kind as FailureKind, message, retryable: retryable === true };
  return { ...defect, message: typeof message === 'string' ? message : String(error) };
}

/** Which guardrail or router refused the work; undefined when the failure is not a refusal. */
export function refusalOfFailure({ data }: Pick<Failure, 'data'>): Refusal | undefined {
  // Only a refusal has this key, and it is always complete.
  return typeof data === 'object' && data !== null && 'refusedBy' in data ? (data as Refusal) : undefined;
}
