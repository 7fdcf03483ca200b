/** Says in the log of a node what changes about its journal. */
import type { SkippedEntry } from '../journal/journal.ts';

/** What is followed. */
export interface JournalWatchOptions {
  /** Why the journal cannot be used; undefined while it can. */
  trouble(): string | undefined;
  /** How many messages of other programs were skipped. */
  skipped(): number;
  /** The last one of them. */
  latest(): SkippedEntry | undefined;
  readonly log: (line: string) => void;
}

/** A function that says, once each, what has changed since it was called last. */
export function watchJournal({ trouble, skipped, latest, log }: JournalWatchOptions): () => void {
  let told = { trouble: undefined as string | undefined, skipped: 0 };
  return () => {
    const now = { trouble: trouble(), skipped: skipped() };
    if (now.trouble !== undefined && told.trouble === undefined) log(`The journal cannot be used: ${now.trouble}`);
    if (now.trouble === undefined && told.trouble !== undefined) log('The journal can be used again.');
    const last = now.skipped > told.skipped ? latest() : undefined;
    if (last)
      log(
        `Another program writes to the log of this node: ${now.skipped} ${now.skipped === 1 ? 'message was' : 'messages were'} skipped, at last message ${last.position} (${last.reason}).`,
      );
    told = now;
  };
}
