/** What the index says of runs, where that is all that is known: a run whose owner has written more than the last segment says must be read. */
import type { IndexedRun, RunSummary } from './segment.ts';
import type { FencedLogs } from './store.ts';
import type { Tail, Tails } from './tails.ts';

/** The summary of a run; undefined when the run must be read. */
export type SummaryOf = (entry: IndexedRun) => RunSummary | undefined;

/** What the summaries are made of. */
export interface SummaryOptions {
  readonly logs: FencedLogs;
  readonly tails: Tails;
  /** Is it an incarnation of this process? */
  isMine(process: string): boolean;
  /** The summary of a run that this process holds; undefined when it must be read. */
  ownSummary(run: string): RunSummary | undefined;
}

/**
 * Reads the logs of `processes`, by default of all others. Logs that are not ended must be read before the index is: what is trimmed from them later is then in
 * the index.
 */
export async function summaries(
  { logs, tails, isMine, ownSummary }: SummaryOptions,
  processes?: Iterable<string>,
): Promise<SummaryOf> {
  const read = new Map<string, Tail>();
  const others = [...(processes ?? (await logs.names()))].filter((process) => !isMine(process));
  await Promise.all(
    others.map(async (process) => {
      // What cannot be read is read run by run: whoever asks for one of them is told why.
      const tail = await tails.read(process).catch(() => undefined);
      if (tail) read.set(process, tail);
    }),
  );
  return ({ run, head: { owner, upTo, summary } }) => {
    if (owner === undefined) return summary;
    if (isMine(owner)) return ownSummary(run);
    try {
      return read.get(owner)?.after(run, upTo).length === 0 ? summary : undefined;
    } catch {
      return undefined;
    }
  };
}
