/** A replica: a journal that one process fills from a log. It stores what an entry writes and the entry's position together, or neither. */
import type { Journal, SkippedEntries } from '../journal.ts';

/** Up to which entry a log was applied; position 0 when none was. */
export interface ReplicaMark {
  /** The identity of the log; empty when none was applied yet. */
  readonly log: string;
  /** The position in the log of the last entry that was applied; 0 when none was. */
  readonly position: number;
  /** The id of the entry at that position. When the log has another entry there, its history is another one. */
  readonly id: string;
}

/** The progress of one writer of the log. */
export interface WriterMark {
  /** The name of the writer: unique for each start of a process. */
  readonly writer: string;
  /** The lowest number that its next write can have. */
  readonly next: number;
}

/** How many of the latest skipped entries a replica can name. */
export const namedSkipped = 10;

/** A replica of a journal. */
export interface JournalReplica extends AsyncDisposable {
  /** The path of its file; undefined in memory. */
  readonly path: string | undefined;
  /** The journal to read. Its writes take place at once, and only inside the `work` of `apply`. */
  readonly journal: Journal;
  /** Up to which entry the log was applied. */
  readonly mark: ReplicaMark;
  /** The lowest number that the next write of a writer can have: 0 for an unknown or forgotten writer. */
  nextWrite(writer: string): number;
  /**
   * Applies an entry: what `work` writes, the mark and the writer's progress are stored together, or nothing is and it throws. An error means that this process
   * cannot store it now. A refused write is no error: every process refuses it for the same reason.
   */
  apply(mark: ReplicaMark, writer: WriterMark | undefined, work: () => void): void;
  /** Goes past something that is no entry, and remembers it. */
  skip(mark: ReplicaMark, reason: string): void;
  /** What it has gone past. A snapshot carries it on. */
  readonly skipped: SkippedEntries;
  /** Forgets the writers whose last entry is before this position. */
  forgetWritersBefore(before: number): void;
  /** The whole content as it is at the moment of the call, for `restore`. */
  dump(): AsyncIterable<Uint8Array>;
  /** Replaces the content with a dump, or with nothing. When the dump cannot be read, it rejects and the content stays. */
  restore(dump: AsyncIterable<Uint8Array> | undefined): Promise<void>;
  /** Puts an empty replica in the place of one whose file is damaged. Left out where nothing can be damaged. */
  recreate?(): Promise<void>;
}

/** The mark of a replica to which nothing was applied yet. */
export const initialMark: ReplicaMark = { log: '', position: 0, id: '' };

/** What is said to the operator of a replica that is rebuilt. */
export const rebuiltNotice = (path: string | undefined, reason: string): string =>
  `What this machine has of the shared journal${path === undefined ? '' : ` (${path})`} is damaged, and is rebuilt from the log: nothing is lost. Look at the disk. The reason: ${reason}`;
