/** Objects that behave like another one, with some methods replaced or every call intercepted. */

/** The same object with some of its members replaced; the other methods are called on the object itself. */
export const overrideMethods = <T extends object>(inner: T, over: Partial<T>): T =>
  new Proxy(inner, {
    get(target, name) {
      const own: unknown = Reflect.get(over, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      // A method keeps its `this`: an implementation may be a class with private fields.
      return typeof value === 'function' ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value;
    },
  });

/** One call of a method: `invoke` performs it on the object itself. */
export interface MethodCall {
  readonly name: PropertyKey;
  readonly args: readonly unknown[];
  readonly invoke: () => unknown;
}

/** The same object, of which every method call is given to `intercept`; what that returns is the answer. */
export const interceptMethods = <T extends object>(inner: T, intercept: (call: MethodCall) => unknown): T =>
  new Proxy(inner, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) =>
        intercept({ name, args, invoke: (): unknown => Reflect.apply(method, target, args) });
    },
  });

/** Calls a method by its name. */
export function callMethod(object: object, name: PropertyKey, args: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function') throw new TypeError(`There is no method ${String(name)}.`);
  return Reflect.apply(method, object, args);
}
