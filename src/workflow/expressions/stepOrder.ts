/** The places of the steps of a workflow by their ids. A workflow has thousands of steps, each of which reads others: an id is not looked for in a list. */

const known = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** The place of each id in the list. It is made once for a list, which must not change. */
export function stepOrder(ids: readonly string[]): ReadonlyMap<string, number> {
  const order = known.get(ids) ?? new Map(ids.map((id, at) => [id, at]));
  known.set(ids, order);
  return order;
}
