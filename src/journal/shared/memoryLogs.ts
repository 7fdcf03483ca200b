/** A collection of fenced logs in memory. Every method does its work before it returns, so the order of the calls is the order of what happens. */
import type { FencedLogs, LogHead, StoredMessage } from './store.ts';

/** What a collection holds. */
export interface LogContents {
  /** The sequence of the message that was appended last, whether it is still there or not. */
  newest: number;
  /** The messages of each log in order. The log that was appended to last stands last. */
  readonly logs: Map<string, StoredMessage[]>;
}

/** The contents of an empty collection. */
export const emptyLogs = (): LogContents => ({ newest: 0, logs: new Map() });

/** Makes a collection; over `contents`, which it changes, or an empty one. */
export function memoryLogs(contents: LogContents = emptyLogs()): FencedLogs {
  const { logs } = contents;
  const lastOf = (name: string): StoredMessage | undefined => logs.get(name)?.at(-1);
  const headOf = (name: string): LogHead | undefined => {
    const last = lastOf(name);
    return last && { name, sequence: last.sequence, headers: last.headers };
  };
  /** What is there at the call; later changes do not show. */
  async function* each<T>(found: readonly T[]): AsyncGenerator<T> {
    yield* found;
  }

  return {
    async append(name, expected, { headers, body }) {
      if ((lastOf(name)?.sequence ?? 0) !== expected) return undefined;
      const messages = logs.get(name) ?? [];
      logs.delete(name);
      logs.set(name, messages);
      const sequence = ++contents.newest;
      // A copy, because the caller may use the bytes again.
      messages.push({ sequence, headers: { ...headers }, body: body.slice() });
      return sequence;
    },
    last: async (name) => lastOf(name),
    read: (name, after = 0, { sequence: last }: Pick<StoredMessage, 'sequence'> = { sequence: Infinity }) =>
      each((logs.get(name) ?? []).filter(({ sequence }) => sequence > after && sequence <= last)),
    heads: async (names) => names.flatMap((name) => headOf(name) ?? []),
    allHeads: (after = 0) =>
      each([...logs.keys()].flatMap((name) => headOf(name) ?? []).filter(({ sequence }) => sequence > after)),
    names: async (prefix) => [...logs.keys()].filter((name) => prefix === undefined || name.startsWith(`${prefix}/`)),
    lastSequence: async () => contents.newest,
    async trim(name, before) {
      const kept = logs.get(name)?.filter(({ sequence }) => sequence >= before) ?? [];
      if (kept.length > 0) logs.set(name, kept);
      else logs.delete(name);
    },
    remove: async (name) => void logs.delete(name),
  };
}
