/** Commits as the engine makes them, for tests of journals. */
import type { Commit } from '../../journal/journal.ts';

/** The time of the commits, in milliseconds since the epoch. */
export const commitTime = 1_700_000_000_000;

/** The first commit of an actor; pass only the fields that matter to the test. */
export const commitFor = (over: Partial<Commit> = {}): Commit => {
  const { actor = 'agent/a', seq = 1 } = over;
  return {
    run: 'r',
    actor,
    type: 'agent',
    parent: undefined,
    status: 'active',
    state: 'working.thinking',
    tags: ['thinking'],
    created: commitTime,
    updated: commitTime + seq,
    seq,
    meta: { input: 'hello' },
    snapshot: { seq },
    epoch: 1,
    event: { id: `e${seq}`, type: 'go', body: { n: seq } },
    opens: [],
    closes: [],
    results: [],
    appends: [],
    ...over,
  };
};
