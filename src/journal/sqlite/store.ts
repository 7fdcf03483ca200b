/** What the parts of the SQLite journal share: the open database, the order of its writes, and how values are stored. */
import type { ValueCodec } from './blobs.ts';
import type { CommitReader } from './commits.ts';
import type { SqliteDriver } from './database.ts';
import type { RememberedRows } from './remembered.ts';
import type { Checkpoints } from './verify.ts';

/** Decides in which transaction a write takes place. */
export interface WriteQueue {
  /** What writes need of what is stored. */
  readonly remembered: RememberedRows;
  /** Resolves when what `write` wrote is stored; rejects with what `write` throws. */
  add(write: () => void): Promise<void>;
  /** The same for what nobody waits for: it is written with what comes next, or after a moment. */
  addLater(write: () => void): Promise<void>;
}

/** What every part of the SQLite journal is made from. */
export interface SqliteStore {
  readonly db: SqliteDriver;
  readonly writes: WriteQueue;
  readonly codec: ValueCodec;
  readonly commits: CommitReader;
  /** How far this process has verified the chains of actors. */
  readonly checkpoints: Checkpoints;
}
