/** The content of one run in memory: its writes, replayed in their order. Whoever replays the same writes comes to the same content, refusals included. */
import type { Commit, Journal } from '../journal.ts';
import { emptyContents, type MemoryContents } from '../memory/contents.ts';
import { memory } from '../memory/memory.ts';
import type { LoggedWrite } from './entry.ts';
import { restOf } from './rest.ts';
import type { RunSummary, SegmentHead } from './segment.ts';

/** Positions from the first commit of a run to that of the next one. More commits than that only mean that positions of two runs overlap. */
const positionsOfRun = 1_000_000;

/** A replica of one run. */
export class RunReplica {
  readonly run: string;
  readonly contents: MemoryContents = emptyContents();
  readonly journal: Journal = memory(this.contents);
  /** Bytes of its writes as JSON, for how much memory it may take. */
  size = 0;

  constructor(run: string) {
    this.run = run;
  }

  /** Its first segment has this sequence, which no other run ever has: the positions of its history are above those of all runs that were born before. */
  begin(sequence: number): void {
    this.contents.position = sequence * positionsOfRun;
  }

  /** Makes a write. Resolves or rejects as the method of this name does; a refused write changes nothing. */
  apply([method, args]: LoggedWrite, size: number): Promise<unknown> {
    this.size += size;
    // A write holds the arguments with which the method of its name was called.
    const call = this.journal[method] as (...given: readonly unknown[]) => unknown;
    const result = (async () => call(...args))();
    result.catch(() => {}); // Perhaps nobody waits for it.
    return result;
  }

  /** From now on writes are taken under this epoch. */
  own({ owner, epoch }: Pick<SegmentHead, 'owner' | 'epoch'>): void {
    this.contents.claims.set(this.run, { epoch, owner: owner ?? '', until: owner === undefined ? 0 : Infinity });
  }

  /** Has the root ended, so that the run is not active any more? False before its first commit. */
  get hasEnded(): boolean {
    const { actors, activeRoots } = this.contents;
    return !activeRoots.has(this.run) && [...actors.values()].some(({ row }) => row.parent === undefined);
  }

  get summary(): RunSummary {
    const rows = [...this.contents.actors.values()].map(({ row }) => row);
    const root = rows.find(({ parent }) => parent === undefined);
    const rest = restOf(this.contents.actors.values());
    return {
      ...(root ? { root: { actor: root.actor, status: root.status, state: root.state, tags: root.tags } } : {}),
      kinds: [...new Set(rows.map(({ type, status }) => `${type}:${status}`))].sort(),
      updated: rows.reduce((latest, { updated }) => Math.max(latest, updated), 0),
      ...(rest ? { rest } : {}),
    };
  }
}

/** The actors that a write changes. */
export function actorsOf([method, args]: LoggedWrite): readonly string[] {
  // The arguments of these methods are commits.
  if (method === 'commit') return [(args[0] as unknown as Commit).actor];
  return method === 'commitAll' ? (args[0] as unknown as readonly Commit[]).map(({ actor }) => actor) : [];
}
