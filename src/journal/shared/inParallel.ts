/** Does something for each item, so many at a time that the server is not flooded. */

const concurrency = 64;

/** The results, in the order of the items. Rejects with the first failure. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Map<number, R>();
  const queue = items.entries();
  const next = async (): Promise<void> => {
    for (const [index, item] of queue) results.set(index, await work(item));
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, next));
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
