/** The open file that the parts of the SQLite journal share. */
import type { Texts } from './blobs.ts';
import type { Driver } from './driver.ts';

/** How writes come to the file. */
export interface Writes {
  /** Resolves when what `write` wrote is kept; rejects with what it throws. */
  add(write: () => void): Promise<void>;
  /** The same for what nobody waits for. */
  later(write: () => void): void;
}

/** What every part of the journal works on. */
export interface Store {
  readonly db: Driver;
  readonly group: Writes;
  readonly text: Texts;
}
