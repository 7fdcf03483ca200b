/** What parts of a definition were made from. A team keeps only the function that decides what happens next, and a guardrail its checks: routes, options and patterns are remembered here, to tell versions apart. */

const remembered = new WeakMap<object, unknown[]>();

/** Remembers from what a function or an object was made. */
export const rememberPart = (made: object, part: unknown): void =>
  void remembered.set(made, [...(remembered.get(made) ?? []), part]);

/** From what it was made, in the order in which that was remembered. */
export const partsOf = (made: object): readonly unknown[] => remembered.get(made) ?? [];
