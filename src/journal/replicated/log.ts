/** The log of a replicated journal: one order of entries for many writers, with snapshots, behind which old entries are deleted. */

/** An entry; its position never changes. */
export interface LogEntry {
  /** 1, 2, 3 and so on, without a gap. */
  readonly position: number;
  /** The id under which it was appended. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Which log it is, and which entries it has. */
export interface LogBounds {
  /** The identity of the log: one that was created again in its place has another. */
  readonly log: string;
  /** The positions of the oldest and the newest entry that it still has; `first` is `last + 1` when it has none. */
  readonly first: number;
  readonly last: number;
}

/** Snapshots: the state of a replica at a position, stored beside the log. Each is stored whole or not at all. */
export interface SnapshotStore {
  /** Their positions, newest first. */
  list(): Promise<readonly number[]>;
  /** Throws when it is missing, or not what was written. */
  read(position: number): AsyncIterable<Uint8Array>;
  /** A second one at the same position replaces the first. */
  write(position: number, data: AsyncIterable<Uint8Array>): Promise<void>;
}

/** A log that many processes append to and read. */
export interface Log extends AsyncDisposable {
  /** The most bytes of one entry in a message; a larger entry costs an object of its own. */
  readonly maxEntryBytes: number;
  readonly snapshots: SnapshotStore;
  /** Durable when it resolves. The same `id` appended twice is stored once or twice: readers must ignore the second. Rejects with `storage` when the entry may or may not be stored. */
  append(id: string, bytes: Uint8Array): Promise<void>;
  /**
   * The entries from a position on, and then new ones as they are appended. It begins at a later position when the log was cut there. It ends when `signal`
   * is aborted, and when the connection was lost meanwhile: then ask for `bounds` before reading on.
   */
  entries(from: number, signal: AbortSignal): AsyncIterable<LogEntry>;
  /** Rejects with `environment` when the log does not exist any more. */
  bounds(): Promise<LogBounds>;
  /** The id of the entry at a position; undefined when there is none. */
  idAt(position: number): Promise<string | undefined>;
  /** Rejects with `auth` when this process may not do what `truncateBefore` does. Changes nothing. */
  requireTruncation(): Promise<void>;
  /**
   * Deletes the snapshots and the entries before this position. The entry at the position stays: by its id a replica recognises that it is of this log.
   * What was stored beside entries whose id begins with `NUMBER-` is deleted when that number is below `stale`.
   */
  truncateBefore(position: number, stale: number): Promise<void>;
}
