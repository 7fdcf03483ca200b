/** How far a request came. */
import type { Destination } from './destination.ts';

/** How far a request came, for its failure. */
export interface RequestProgress {
  /** Where it is; absent before its URL was read. */
  destination?: Destination;
  /** The other side may have seen it, or one that was redirected. */
  sent: boolean;
}
