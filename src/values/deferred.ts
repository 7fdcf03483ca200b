/** A value that is made when it is first needed: of ten thousand members of a team, those that never work cost nothing. */

const deferredValues = new WeakMap<object, () => unknown>();

/**
 * Stands for a value that `make` makes once, when one of its properties is read. `like` is a value of the same class, so asking whether there is
 * a property makes nothing; nor does reading one of `same`, which the value has in common with it.
 */
export function deferred<T extends object>(like: T, same: readonly (keyof T)[], make: () => T): T {
  let value: T | undefined;
  const made = (): T => (value ??= make());
  const stand = new Proxy(like, {
    get(_, key) {
      if (!(key in like)) return undefined;
      return Reflect.get(same.some((one) => one === key) ? like : made(), key) as unknown;
    },
    set: (_, key, to) => Reflect.set(made(), key, to),
    ownKeys: () => Reflect.ownKeys(made()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(made(), key),
  });
  deferredValues.set(stand, made);
  return stand;
}

/** Was it made by `deferred`? */
export const isDeferred = (value: object): boolean => deferredValues.has(value);

/** The value itself. */
export const undeferred = <T extends object>(value: T): T => (deferredValues.get(value)?.() as T | undefined) ?? value;
