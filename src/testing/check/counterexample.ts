/** A finding before it is reported: where in the graph it is, and the loop that repeats where there is one. */
import type { TransitionLabel } from './explore.ts';
import type { FindingKind } from './report.ts';

/** Something that may be wrong. */
export interface Counterexample {
  /** What kind of finding it is. */
  readonly kind: FindingKind;
  /** Identifies it: the same kind and text is reported once. */
  readonly about: string;
  /** What is wrong, and what would mend it. */
  readonly says: string;
  /** The node where it shows; undefined for something that never happens. */
  readonly node?: number;
  /** The move from that node which is wrong, when it is a move. */
  readonly move?: TransitionLabel;
  /** The moves that then repeat for ever. */
  readonly loop?: readonly TransitionLabel[];
}
