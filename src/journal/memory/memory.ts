/** The journal in memory: for tests, for trials, and for work that need not survive the process. It keeps the promises of journal.ts except those about a crash or power loss. */
import type { Journal } from '../journal.ts';
import { emptyContents, type MemoryContents } from './contents.ts';
import { EndedActors } from './endedActors.ts';
import { memoryLeases } from './leases.ts';
import { pruneMemory } from './prune.ts';
import { memoryReader } from './reader.ts';
import { memoryWriter } from './writer.ts';

/** Opens a journal in memory; over `contents`, which it changes, or an empty one. Contents that were given are read by others, too, and stay as they are. */
export function memory(given?: MemoryContents): Journal {
  const contents = given ?? emptyContents();
  const endedActors = new EndedActors(contents.results, { packs: given === undefined });
  const { requireOwner, forget, ...leases } = memoryLeases(contents);
  const prune = async (before: number, most: number) => pruneMemory(contents, endedActors, forget, { before, most });
  return {
    ...memoryWriter(contents, endedActors, requireOwner),
    ...memoryReader(contents, endedActors),
    ...leases,
    prune: (before) => prune(before, Infinity),
    pruneSome: prune,
    async [Symbol.asyncDispose]() {},
  };
}
