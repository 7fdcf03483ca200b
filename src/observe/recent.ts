/** The last so many of anything, oldest first: what a late viewer is shown. */
export interface Recent<T> {
  add(item: T): void;
  items(): T[];
}

/** A ring: adding costs the same however full it is. */
export function recent<T>(size: number): Recent<T> {
  const ring: T[] = [];
  let added = 0;
  return {
    add(item) {
      ring[added++ % size] = item;
    },
    items() {
      const start = added % size;
      return added <= size ? ring.slice() : [...ring.slice(start), ...ring.slice(0, start)];
    },
  };
}
