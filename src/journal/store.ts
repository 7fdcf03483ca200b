/** The open file that the parts of the SQLite journal share. */
import type { Texts } from './blobs.ts';
import type { Driver } from './driver.ts';
import type { Group } from './group.ts';

/** What every part of the journal works on. */
export interface Store {
  readonly db: Driver;
  readonly group: Group;
  readonly text: Texts;
}
