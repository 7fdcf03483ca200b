/**
 * Under Vitest, the first failure of a test is what one reads. A test that fails leaves steps of a script unused, so the script's own check at the end
 * of a `using` block fails too: JavaScript then reports a `SuppressedError` without a message, which has both. Here it is taken apart again.
 */

/** What is used of a running test of Vitest: its context can be asked to call back when the test has failed. */
interface RunningTest {
  readonly context?: { onTestFailed?(call: (failed: { readonly task: FailedTask }) => void): void };
}
interface FailedTask {
  readonly result?: { errors?: object[] };
}
/** The serialized form of an error, in which Vitest keeps its properties. */
interface Suppression {
  readonly name?: unknown;
  readonly error?: unknown;
  readonly suppressed?: unknown;
}

const prepared = new WeakSet<object>();

/** Asks the test that is running now, if there is one, to report the suppressed failure first. Once for each test. */
export function reportFirstFailure(): void {
  // Vitest keeps its state there; another runner has none.
  const { __vitest_worker__: worker } = globalThis as {
    readonly __vitest_worker__?: { readonly current?: RunningTest };
  };
  const test = worker?.current;
  if (!test?.context?.onTestFailed || prepared.has(test)) return;
  prepared.add(test);
  test.context.onTestFailed(({ task }) => {
    const { result } = task;
    if (result?.errors) result.errors = result.errors.flatMap(takenApart);
  });
}

function takenApart(failure: object): object[] {
  const { name, error, suppressed }: Suppression = failure;
  const isSuppression = name === 'SuppressedError' && isObject(error) && isObject(suppressed);
  return isSuppression ? [...takenApart(suppressed), ...takenApart(error)] : [failure];
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
