/** Values that are there at once, or come later: awaiting what is there takes longer than most of what is done with it. */

/** A value, or a promise of it. */
export type Soon<T> = T | Promise<T>;

/** What `next` makes of the value: at once when it is there. Throws, or rejects, with what `next` throws and with what the promise rejects with. */
export const whenThere = <T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> =>
  value instanceof Promise ? value.then(next) : next(value);

/** What `work` gives, or what `failed` makes of what it throws or rejects with. */
export function orWhenFailed<T, U>(work: () => Soon<T>, failed: (thrown: unknown) => U): Soon<T | U> {
  try {
    const result = work();
    return result instanceof Promise ? result.catch(failed) : result;
  } catch (thrown) {
    return failed(thrown);
  }
}
