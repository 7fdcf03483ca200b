/** Long lists of results: on their way into the journal they are neither copied nor looked through, and stored once however many values hold them. */

const finished = new WeakSet<readonly unknown[]>();
/** Shorter lists are not worth it. */
const fewest = 100;

/** Marks a list, which is JSON and which nothing changes any more. */
export function finishedList<T>(list: readonly T[]): readonly T[] {
  if (list.length >= fewest) finished.add(list);
  return list;
}

/** Was it marked? */
export const isFinishedList = (list: readonly unknown[]): boolean => list.length >= fewest && finished.has(list);
