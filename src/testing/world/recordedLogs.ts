/** A collection of fenced logs that also knows what its index said some time ago: an index of a server lags behind. */
import type { Clock } from '../../values/clock.ts';
import type { FencedLogs, LogHead } from '../../journal/shared/store.ts';

interface Change {
  readonly at: number;
  readonly name: string;
  /** Undefined: the log was removed. */
  readonly head: LogHead | undefined;
}

/** Milliseconds by which the index may lag at most. */
export const maxLag = 5_000;

/** The collection, and its index at earlier times. */
export interface RecordedLogs extends FencedLogs {
  /** The last messages of all logs as they were so many milliseconds ago, the oldest first. */
  headsBefore(lag: number): LogHead[];
}

/** Records the changes of a collection that answers at once. Every change must be made here. */
export function recordedLogs(inner: FencedLogs, time: Pick<Clock, 'now'>): RecordedLogs {
  /** What the index said before the oldest change that is kept. */
  const settled = new Map<string, LogHead>();
  let changes: Change[] = [];

  const apply = (heads: Map<string, LogHead>, { name, head }: Change) => {
    heads.delete(name);
    if (head) heads.set(name, head);
  };
  const record = (name: string, head: LogHead | undefined) => {
    changes.push({ at: time.now(), name, head });
    const kept = changes.findIndex(({ at }) => at >= time.now() - maxLag);
    for (const change of changes.slice(0, kept)) apply(settled, change);
    changes = changes.slice(kept);
  };
  const recordLast = async (name: string) => {
    const last = await inner.last(name);
    record(name, last && { name, sequence: last.sequence, headers: last.headers });
  };

  return {
    ...inner,
    async append(name, expected, message) {
      const sequence = await inner.append(name, expected, message);
      if (sequence !== undefined) record(name, { name, sequence, headers: { ...message.headers } });
      return sequence;
    },
    async trim(name, before) {
      await inner.trim(name, before);
      await recordLast(name);
    },
    async remove(name) {
      await inner.remove(name);
      record(name, undefined);
    },
    headsBefore(lag) {
      const heads = new Map(settled);
      for (const change of changes) if (change.at <= time.now() - lag) apply(heads, change);
      return [...heads.values()].sort((a, b) => a.sequence - b.sequence);
    },
  };
}
