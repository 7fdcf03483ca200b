/** A journal that one process fills from a log: what it has played and how far, together or not at all. */
import type { Journal } from './journal.ts';

/** How far a log was played: 0 for not at all. */
export interface Mark {
  /** Which log; empty when none was played yet. */
  readonly log: string;
  readonly position: number;
  /** Of the entry at that position: another one there is another past. */
  readonly id: string;
}

/** What a writer of the log has written, as far as it was played. */
export interface WriterMark {
  readonly writer: string;
  /** The number that its next write has at least. */
  readonly next: number;
}

export interface View extends AsyncDisposable {
  /** Its file; undefined in memory. */
  readonly path: string | undefined;
  /** Its writes take place as soon as they are called, and only while an entry is played. */
  readonly journal: Journal;
  readonly mark: Mark;
  /** The number that the next write of a writer has at least: 0 for one who was not heard of, or not for long. */
  next(writer: string): number;
  /**
   * Plays an entry: what `work` writes, the mark and the writer's are there together, or nothing is and it throws, which is then this process's
   * own trouble. What a write of it is refused for is no trouble: every process refuses it alike.
   */
  play(mark: Mark, writer: WriterMark | undefined, work: () => void): void;
  /** Forgets the writers that were not heard of since a position. */
  forget(before: number): void;
  /** Everything as it is at the moment of the call, for `load`. */
  dump(): AsyncIterable<Uint8Array>;
  /** Becomes what was dumped, or empty; rejects, and is what it was, when that cannot be read. */
  load(dump: AsyncIterable<Uint8Array> | undefined): Promise<void>;
}

export const unplayed: Mark = { log: '', position: 0, id: '' };
