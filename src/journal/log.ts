/** One order of entries for many writers, which is cut behind snapshots: what a replicated journal stands on. */

/** Stands at its position for ever. */
export interface LogEntry {
  /** 1, 2, 3 and so on, without a gap. */
  readonly position: number;
  /** As it was appended under. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** How a log stands. */
export interface Standing {
  /** Which log it is: one that was made anew in its place has another name. */
  readonly log: string;
  /** The oldest entry that is still there, and the newest; `first` is `last + 1` when there is none. */
  readonly first: number;
  readonly last: number;
}

/** What somebody had played up to a position, kept beside the log. Each is there whole or not at all. */
export interface Snapshots {
  /** Their positions, newest first. */
  list(): Promise<readonly number[]>;
  /** Throws when it is gone, or not what was written. */
  read(position: number): AsyncIterable<Uint8Array>;
  /** Twice at the same position, the later one stays. */
  write(position: number, data: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface Log extends AsyncDisposable {
  /** Bytes that one entry may have. */
  readonly limit: number;
  readonly snapshots: Snapshots;
  /** Durable when it resolves. The same `id` twice is stored once, or stands there twice. Rejects with `storage` when it may or may not be there. */
  append(id: string, bytes: Uint8Array): Promise<void>;
  /**
   * The entries from a position on, and then those that come. It begins later when the log was cut there; ends when `signal` fires, or when
   * somebody should look how the log stands (its connection was lost meanwhile).
   */
  entries(from: number, signal: AbortSignal): AsyncIterable<LogEntry>;
  /** Rejects with `environment` when the log is gone. */
  standing(): Promise<Standing>;
  /** What stands there; undefined when nothing does. */
  idAt(position: number): Promise<string | undefined>;
  /**
   * Forgets the snapshots and the entries before this position; its own entry stays, by which a view finds out that it is of this log.
   * Of entries that were appended under an id that begins with `NUMBER-`, nothing else is needed once that number is below `stale`.
   */
  cut(position: number, stale: number): Promise<void>;
}
