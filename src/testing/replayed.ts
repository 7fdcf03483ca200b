/** Finds bodies that depend on more than their input and what their calls gave. */
import type { Flow } from '../flow/flow.ts';

/**
 * The same flow, whose body is begun again from its top after each of its calls: one that does something else then (because of `Math.random`, of the time, or of a
 * variable outside) fails with `diverged`, in the first test and not after the first crash.
 * @example expect(await run(replayed(greet), { who: 'ada' })).toBe('Hello ada')
 */
export const replayed = <Input, Output>(flow: Flow<Input, Output>): Flow<Input, Output> => ({
  ...flow,
  alwaysReplay: true,
});
