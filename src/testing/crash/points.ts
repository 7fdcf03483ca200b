/** The points of a process at which a plug can be pulled: everything durable it does and every message it hands over, told as it happens. */
import type { Journal } from '../../journal/journal.ts';
import type { Transport } from '../../transport/transport.ts';

/** What a process works with. */
export interface Parts {
  readonly journal: Journal;
  readonly transport: Transport;
}

/** The kinds of points; `record` is a result that goes to the ledger without a step. */
export const pointKinds = ['commit', 'record', 'bury', 'post', 'send', 'acknowledge'] as const;
export type PointKind = (typeof pointKinds)[number];

export interface Point {
  readonly kind: PointKind;
  /** In words: `commit 3 of agent/r1 (message.received)`. */
  readonly what: string;
  /** The results that are in the ledger once this is done. */
  readonly results: readonly Result[];
}

type Result = Parameters<Journal['record']>[4];

/** Is called instead of the work of a point, and does it, or never answers. */
export type Around = <T>(point: Point, work: () => Promise<T>) => Promise<T>;

/** Parts that do the same as those they are made of, and pass through `around` at every point. */
export const atPoints = ({ journal, transport }: Parts, around: Around): Parts => ({
  journal: overriding<Journal>(journal, {
    commit: (commit) =>
      around(
        {
          kind: 'commit',
          what: `commit ${commit.seq} of ${commit.actor} (${commit.event.type})`,
          results: commit.results,
        },
        () => journal.commit(commit),
      ),
    record: (...args) =>
      around({ kind: 'record', what: `the result of ${args[4].key}`, results: [args[4]] }, () =>
        journal.record(...args),
      ),
    bury: (run, epoch, letter) =>
      around({ kind: 'bury', what: `the burial of "${letter.type}" to ${letter.to}`, results: [] }, () =>
        journal.bury(run, epoch, letter),
      ),
    post: (envelope) =>
      around({ kind: 'post', what: `the posting of "${envelope.type}" to ${envelope.to}`, results: [] }, () =>
        journal.post(envelope),
      ),
  }),
  transport: overriding<Transport>(transport, {
    send: (envelope) =>
      around({ kind: 'send', what: `the sending of "${envelope.type}" to ${envelope.to}`, results: [] }, () =>
        transport.send(envelope),
      ),
    listen: (address, receive, run) =>
      transport.listen(
        address,
        (envelope) =>
          around({ kind: 'acknowledge', what: `the taking of "${envelope.type}" by ${address}`, results: [] }, () =>
            receive(envelope),
          ),
        run,
      ),
  }),
});

/** The same object with some of its methods replaced; the others are called on the object itself. */
export const overriding = <T extends object>(inner: T, over: Partial<T>): T =>
  new Proxy(inner, {
    get(target, name) {
      const own = over[name as keyof T];
      if (own !== undefined) return own;
      const value = target[name as keyof T] as unknown;
      // A method keeps its `this`: an implementation may be a class with private fields.
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
