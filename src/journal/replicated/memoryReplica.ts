/** A replica in memory: for tests and simulations, in which a dump stands for the file of a process. */
import { deserialize, serialize } from 'node:v8';
import { emptyContents, memory, type MemoryContents } from '../memory.ts';
import type { SkippedEntries } from '../journal.ts';
import { initialMark, namedSkipped, type ReplicaMark, type JournalReplica } from './replica.ts';

/** What a dump holds. */
interface Dump {
  readonly memory: MemoryContents;
  readonly mark: ReplicaMark;
  readonly writers: ReadonlyMap<string, { readonly next: number; readonly position: number }>;
  readonly skipped: SkippedEntries;
}

const noneSkipped: SkippedEntries = { count: 0, latest: [] };

/** Opens an empty replica. */
export function memoryReplica(): JournalReplica {
  const contents = emptyContents();
  // What is pruned from a shared journal is pruned from its log.
  const { pruneSome: _alone, ...journal } = memory(contents);
  const writers = new Map<string, { readonly next: number; readonly position: number }>();
  let mark = initialMark;
  let skipped = noneSkipped;

  return {
    path: undefined,
    journal,
    get mark() {
      return mark;
    },
    nextWrite: (writer) => writers.get(writer)?.next ?? 0,
    apply(to, by, work) {
      work();
      mark = to;
      if (by) writers.set(by.writer, { next: by.next, position: to.position });
    },
    skip(to, reason) {
      mark = to;
      const latest = [{ position: to.position, reason }, ...skipped.latest].slice(0, namedSkipped);
      skipped = { count: skipped.count + 1, latest };
    },
    get skipped() {
      return skipped;
    },
    forgetWritersBefore(before) {
      for (const [name, { position }] of writers) if (position < before) writers.delete(name);
    },
    dump() {
      const bytes = serialize({ memory: contents, mark, writers, skipped } satisfies Dump);
      return (async function* () {
        yield bytes;
      })();
    },
    async restore(dump) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of dump ?? []) chunks.push(chunk);
      const from: Dump = dump
        ? deserialize(Buffer.concat(chunks))
        : { memory: emptyContents(), mark: initialMark, writers: new Map(), skipped: noneSkipped };
      fill(contents.actors, from.memory.actors);
      fill(contents.byRun, from.memory.byRun);
      fill(contents.actorByPending, from.memory.actorByPending);
      fill(contents.results, from.memory.results);
      fill(contents.claims, from.memory.claims);
      fill(contents.owners, from.memory.owners);
      fill(contents.activeRoots, from.memory.activeRoots);
      fill(contents.mail, from.memory.mail);
      contents.position = from.memory.position;
      fill(writers, from.writers);
      mark = from.mark;
      ({ skipped } = from);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function fill<V>(map: Map<string, V>, from: ReadonlyMap<string, V>): void {
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}
