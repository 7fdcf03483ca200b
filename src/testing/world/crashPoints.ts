/** The points at which a process can be killed: everything durable it does and every message it hands over. */
import type { Commit, Journal } from '../../journal/journal.ts';
import type { Transport } from '../../transport/transport.ts';
import { overrideMethods } from './intercept.ts';

/** What a process works with: its journal and its transport. */
export interface ProcessParts {
  /** Where the process stores its commits. */
  readonly journal: Journal;
  /** How its messages reach other processes. */
  readonly transport: Transport;
}

/** The kinds of points; `record` is a result that goes to the ledger without a commit of its actor. */
export type CrashPointKind = 'commit' | 'record' | 'bury' | 'post' | 'send' | 'acknowledge';

/** One thing that a process does. */
export interface CrashPoint {
  readonly kind: CrashPointKind;
  /** In words: `commit 3 of agent/r1 (message.received)`. */
  readonly what: string;
}

/** Is called instead of the work of a point; does the work, or never answers. */
export type Around = <T>(point: CrashPoint, work: () => Promise<T>) => Promise<T>;

/** Parts that do the same as those they are made of, and pass through `around` at every point. */
export const atCrashPoints = ({ journal, transport }: ProcessParts, around: Around): ProcessParts => ({
  journal: overrideMethods<Journal>(journal, {
    commit: (commit) => around({ kind: 'commit', what: inWords(commit) }, () => journal.commit(commit)),
    ...(journal.commitAll && {
      commitAll: (commits: readonly Commit[]) =>
        around({ kind: 'commit', what: commits.map(inWords).join(', with ') }, async () =>
          journal.commitAll?.(commits),
        ),
    }),
    record: (...args) =>
      around({ kind: 'record', what: `the result of ${args[4].key}` }, () => journal.record(...args)),
    bury: (run, epoch, letter) =>
      around({ kind: 'bury', what: `the dead letter "${letter.type}" to ${letter.to}` }, () =>
        journal.bury(run, epoch, letter),
      ),
    post: (envelope) =>
      around({ kind: 'post', what: `the posting of "${envelope.type}" to ${envelope.to}` }, () =>
        journal.post(envelope),
      ),
  }),
  transport: overrideMethods<Transport>(transport, {
    send: (envelope) =>
      around({ kind: 'send', what: `the sending of "${envelope.type}" to ${envelope.to}` }, () =>
        transport.send(envelope),
      ),
    listen: (address, receive, run) =>
      transport.listen(
        address,
        (envelope) =>
          around({ kind: 'acknowledge', what: `the acknowledgement of "${envelope.type}" by ${address}` }, () =>
            receive(envelope),
          ),
        run,
      ),
  }),
});

const inWords = ({ seq, actor, event }: Commit): string => `commit ${seq} of ${actor} (${event.type})`;
