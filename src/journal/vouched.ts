/** What an actor's chain vouches for beside its last commit, gathered link by link. */
import type { Link } from './chain.ts';
import type { Pending } from './journal.ts';

export interface Vouched {
  /** Sums of what was opened, by key. */
  readonly sums: Map<string, string>;
  /** What must still be pending. Messages are not in it: they are settled without a commit. */
  readonly open: Set<string>;
  /** How long each list is. */
  readonly lists: Map<string, number>;
}

/** With what further links say. */
export function vouched(before: Vouched | undefined, links: readonly Link[]): Vouched {
  const sums = new Map(before?.sums);
  const open = new Set(before?.open);
  const lists = new Map(before?.lists);
  for (const link of links) {
    for (const key of JSON.parse(link.closes) as string[]) open.delete(key);
    for (const [key, kind, , digest] of JSON.parse(link.opens) as [string, Pending['kind'], number, string][]) {
      sums.set(key, digest);
      if (kind !== 'message') open.add(key);
    }
    for (const [, name] of link.sums.matchAll(/([^ ]+):/g)) {
      const list = decodeURIComponent(name!);
      lists.set(list, (lists.get(list) ?? 0) + 1);
    }
  }
  return { sums, open, lists };
}
