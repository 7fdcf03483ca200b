/** Long lists of results: on their way into the journal they are neither copied nor looked through, and stored once however many values hold them. */

const finished = new WeakSet<readonly unknown[]>();
/** Shorter lists are not worth it. */
const fewest = 100;
let isAnyFinished = false;

/** Marks a list, which is JSON and which nothing changes any more. */
export function finishedList<T>(list: readonly T[]): readonly T[] {
  if (list.length >= fewest) {
    finished.add(list);
    isAnyFinished = true;
  }
  return list;
}

/** False while none was marked in this process, as where nothing fans out: then nothing need be looked through for one. */
export const hasFinishedLists = (): boolean => isAnyFinished;

/** Was it marked? */
export const isFinishedList = (list: readonly unknown[]): boolean => list.length >= fewest && finished.has(list);
