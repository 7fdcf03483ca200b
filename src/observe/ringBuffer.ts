/** A ring buffer: the latest items, for a viewer that connects later. */

/** The latest items, as many as its size. */
export interface RingBuffer<T> {
  add(item: T): void;
  /** Oldest first. */
  items(): T[];
}

/** Keeps the latest `size` items; adding takes the same time however many there are. */
export function ringBuffer<T>(size: number): RingBuffer<T> {
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
