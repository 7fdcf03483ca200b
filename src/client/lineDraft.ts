/** A line of a log before it has its place in the run. */
import type { LogEntry } from '../contracts/client/execution.ts';

/** A line before it has its place. */
export interface LineDraft extends Omit<LogEntry, 'seq' | 'checkpoint_name'> {
  /** The call that it is about; absent for a line about the run itself. */
  readonly call?: { readonly name: string; readonly id: string };
}
