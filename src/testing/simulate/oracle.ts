/** What an oracle is: a check of a run that has ended, which says in words what does not hold. */
import type { ActorRow, HistoryEntry, Journal } from '../../journal/journal.ts';
import type { Acknowledged } from './scriptedPeople.ts';

/** What is known of a run that has ended. */
export interface RunEvidence {
  readonly run: string;
  readonly journal: Journal;
  readonly rows: readonly ActorRow[];
  readonly history: readonly HistoryEntry[];
  readonly acknowledged: readonly Acknowledged[];
}

/** What does not hold, one text each; empty when everything holds. */
export type Oracle = (evidence: RunEvidence) => string[] | Promise<string[]>;
