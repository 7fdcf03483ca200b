/** A replica that can be replaced by an empty one, when what it has stored turns out to be damaged: the log has everything. */
import type { Journal } from '../journal.ts';
import type { JournalReplica } from './replica.ts';

/** `another` removes what is damaged, and opens an empty replica in its place. */
export function replaceable(first: JournalReplica, another: () => Promise<JournalReplica>): JournalReplica {
  let current = first;
  type Methods = Record<string, (...args: readonly unknown[]) => unknown>;
  // Whoever has the journal of this replica has that of the one in its place as well.
  const journal = Object.fromEntries(
    Object.keys(first.journal).map((name) => [
      name,
      (...args: readonly unknown[]) => (current.journal as unknown as Methods)[name]?.(...args),
    ]),
  ) as unknown as Journal;
  return {
    journal: { ...journal, async [Symbol.asyncDispose]() {} },
    get path() {
      return current.path;
    },
    get mark() {
      return current.mark;
    },
    get skipped() {
      return current.skipped;
    },
    nextWrite: (writer) => current.nextWrite(writer),
    apply: (mark, writer, work) => current.apply(mark, writer, work),
    skip: (mark, reason) => current.skip(mark, reason),
    forgetWritersBefore: (before) => current.forgetWritersBefore(before),
    dump: () => current.dump(),
    restore: (dump) => current.restore(dump),
    async recreate() {
      // What is damaged may not even be closed in good order.
      await Promise.resolve(current[Symbol.asyncDispose]()).catch(() => {});
      current = await another();
    },
    [Symbol.asyncDispose]: () => current[Symbol.asyncDispose](),
  };
}
