/** A finding before it is told: where in the graph it is, and what goes round when something does. */
import type { Told } from './explore.ts';
import type { FindingKind } from './report.ts';

export interface Suspicion {
  readonly kind: FindingKind;
  /** The same thing twice is told once. */
  readonly about: string;
  readonly says: string;
  /** Where it shows; undefined for what never happens. */
  readonly node?: number;
  /** What happens there, if that is what is wrong. */
  readonly move?: Told;
  /** What then happens over and over. */
  readonly loop?: readonly Told[];
}
