/** The log of a run: a part of it, or its lines as they come. */
import type { LogQuery } from '../contracts/client/executions.ts';
import { LogEntry } from '../contracts/client/execution.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sleep, type Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { requireLimit } from './executionsPage.ts';
import { readLines, type LogLine, type ReadLines } from './logLines.ts';

/** How many lines are given by default, and at most. */
const [usual, most] = [200, 10_000];

/** Milliseconds between two readings of a run that another process may have. What happens in this process is seen at once. */
const pollInterval = 250;

/** How often in a row the journal may be busy, before a log is not followed any more. */
const mostFailures = 20;

/** What the log of a run is read with. */
export type LogReader = Pick<Runtime, 'journal' | 'observe'> & {
  /** Waits between two readings. */
  readonly clock: Pick<Clock, 'now' | 'wake'>;
};

/** The lines that fit, the first ones first. Rejects with `invalid` for what does not fit, `unknown_recipient` when there is no such run. */
export async function readLogs(reader: LogReader, run: string, query: LogQuery = {}): Promise<LogEntry[]> {
  const limit = requireLimit(query.limit ?? usual, most);
  requireSelection(query);
  return (await readLines(reader, run)).lines
    .filter((line) => fits(line, query))
    .slice(0, limit)
    .map(({ entry }) => entry);
}

/** The lines as they come, from `after` on, until the run has ended and all of them were given, or the signal fires. */
export async function* followLogs(
  reader: LogReader,
  run: string,
  query: Omit<LogQuery, 'limit'> = {},
  signal?: AbortSignal,
): AsyncGenerator<LogEntry, void, undefined> {
  requireSelection(query);
  let { after } = query;
  const { clock } = reader;
  for (let failures = 0; ;) {
    if (signal?.aborted) return;
    using changed = nextChange(reader, run);
    const began = clock.now();
    const read = await readUnlessBusy(reader, run, failures);
    failures = read ? 0 : failures + 1;
    for (const line of read?.lines ?? []) {
      if (!fits(line, { ...query, ...(after === undefined ? {} : { after }) })) continue;
      after = line.entry.seq;
      yield line.entry;
      if (signal?.aborted) return;
    }
    if (read?.isEnded) return;
    // A long run takes its time to be read: this process has other things to do.
    const pause = Math.max(pollInterval, 4 * (clock.now() - began));
    await changed.or(clock, pause, signal);
  }
}

/** The lines; undefined where the journal cannot be read for a moment, such as while another program locks it. Rejects when it has been so too often in a row. */
async function readUnlessBusy(reader: LogReader, run: string, failures: number): Promise<ReadLines | undefined> {
  try {
    return await readLines(reader, run);
  } catch (thrown) {
    if (thrown instanceof TroupeError && thrown.retryable && failures < mostFailures) return undefined;
    throw thrown;
  }
}

/** Listens from now on for the next commit or result of a run in this process. */
function nextChange({ observe }: LogReader, run: string) {
  const seen = new AbortController();
  const listener = observe((event) => {
    if ('run' in event && event.run === run && event.type !== 'progress') seen.abort();
  });
  return {
    async or(clock: Pick<Clock, 'now' | 'wake'>, ms: number, signal: AbortSignal | undefined): Promise<void> {
      const any = signal ? AbortSignal.any([seen.signal, signal]) : seen.signal;
      await sleep(clock, ms, any).catch(() => {});
    },
    [Symbol.dispose]: () => listener[Symbol.dispose](),
  };
}

function requireSelection({ checkpoint, source, after }: LogQuery): void {
  if (checkpoint !== undefined && checkpoint.trim() === '')
    throw new TroupeError('invalid', 'Name the call whose lines are wanted, or leave it out; it was empty.');
  const sources: readonly string[] = LogEntry.shape.source.options;
  if (source !== undefined && !sources.includes(source))
    throw new TroupeError('invalid', `A source is ${sources.join(' or ')}; got "${String(source)}".`);
  if (checkpoint !== undefined && source === 'runner')
    throw new TroupeError('invalid', 'Lines of the run itself belong to no call: leave out the call, or the source.');
  if (after !== undefined && !(after >= 0))
    throw new TroupeError('invalid', `Lines follow after the place of one that was given; got ${String(after)}.`);
}

function fits({ entry, invocation }: LogLine, { checkpoint, source, after }: LogQuery): boolean {
  return (
    (after === undefined || entry.seq > after) &&
    (source === undefined || entry.source === source) &&
    (checkpoint === undefined || entry.checkpoint_name === checkpoint || invocation === checkpoint)
  );
}
