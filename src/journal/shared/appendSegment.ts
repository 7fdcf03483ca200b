/**
 * Appends a segment once. A segment whose append was not answered is appended again as it is, until it is known whether it is there. It counts only while it
 * is the last one: when another one follows it, the run was given back since, or another process has it.
 */
import { segmentHead, type EncodedSegment } from './segment.ts';
import type { FencedLogs } from './store.ts';

/**
 * Appends a segment behind the message with the sequence `after`; 0 for the first of a run. Resolves with its sequence, also when it was there before;
 * with undefined when another segment is the last one, or the run was removed. Rejects as `append` does.
 */
export async function appendSegment(
  runs: FencedLogs,
  run: string,
  after: number,
  { chain, ...message }: EncodedSegment,
): Promise<number | undefined> {
  for (let expected = after; ;) {
    const appended = await runs.append(run, expected, message);
    if (appended !== undefined) return appended;
    const last = await runs.last(run);
    if ((last?.sequence ?? 0) < expected) return undefined;
    let found: { readonly sequence: number; readonly isIt: boolean } | undefined;
    for await (const { headers, sequence } of runs.read(run, expected)) {
      const head = segmentHead({ headers });
      if (head) found = { sequence, isIt: head.chain === chain };
      // A message of another program.
      else if (!found) expected = sequence;
    }
    // In a cluster of servers an append is also refused while another one is under way: then nothing is behind the last segment.
    if (found) return found.isIt ? found.sequence : undefined;
  }
}
