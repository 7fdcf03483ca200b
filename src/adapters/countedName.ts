/** Names that are used several times: the second is `name_2`, as for the calls of a flow. */

const counts = new WeakMap<object, Map<string, number>>();

/** The name, with a number when `owner` has used it before: the same in every run of a body, which uses its names in the same order. */
export function countedName(owner: object, name: string): string {
  const used = counts.get(owner) ?? new Map<string, number>();
  counts.set(owner, used);
  const count = (used.get(name) ?? 0) + 1;
  used.set(name, count);
  return count === 1 ? name : `${name}_${count}`;
}
