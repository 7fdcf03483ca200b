/** Does something for each item, so many at a time that whoever does it is not flooded. */

const usualConcurrency = 64;

/** The results, in the order of the items. Rejects with the first failure. `concurrency`: how many at a time; 64 by default. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  concurrency = usualConcurrency,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const next = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, next));
  return results;
}
