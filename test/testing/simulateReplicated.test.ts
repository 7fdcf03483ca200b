/** `simulate` on a replicated journal whose shared log is slow, unreachable, full, duplicated and truncated: the promises are those of one disk, and planted defects in its replicas are found. */
import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { limitOfSeeds } from '../limits.ts';
import { simulate, type SimulateOptions } from 'troupe/testing';
import { stepByStep } from '../engine/journals.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { ReplicaMark, JournalReplica } from '../../src/journal/replicated/replica.ts';
import { clerk, counting, desk, newsroom } from './subjects.ts';

/** More in CI: `TROUPE_SEEDS=5000`. */
const seeds = Number(process.env['TROUPE_SEEDS'] ?? 100);

test.each([
  ['a machine with a child and timers', counting],
  ['an agent that reads, writes and asks a person', clerk],
  ['a team of two', desk],
  ['the team of the demo', newsroom],
])(
  'whatever goes wrong with the shared log, %s ends, nothing is lost or performed twice, and all replicas are equal',
  async (_, scenario) => {
    const { failures, faults } = await simulate(scenario, { seeds, shared: true });
    expect(failures).toEqual([]);
    for (const fault of ['partition', 'zombie', 'crash', 'duplicate', 'delay', 'unsure', 'slow'] as const)
      expect(faults[fault], fault).toBeGreaterThan(0);
  },
  limitOfSeeds(seeds),
);

test('the same seed is the same run, event by event', async () => {
  const hashes = async () =>
    (await simulate(clerk, { seeds: 10, seed: 7, shared: true })).results.map(({ hash }) => hash);
  const first = await hashes();
  expect(await hashes()).toEqual(first);
  expect(new Set(first).size).toBe(10);
});

interface Played {
  readonly mark: ReplicaMark;
  readonly writers: Map<string, { readonly next: number; readonly position: number }>;
}
/** A replica whose stored content and snapshots are not its state. */
const keeping = (view: JournalReplica, change: (played: Played) => Played): JournalReplica =>
  Object.assign(Object.create(view) as JournalReplica, {
    async *dump() {
      for await (const part of view.dump()) yield serialize(change(deserialize(part) as Played));
    },
  });

/** Writes the content first, and its position in a write of its own, which comes too late. */
function notAtomic(view: JournalReplica): JournalReplica {
  let [mark, writers] = [view.mark, new Map<string, { next: number; position: number }>()];
  const late = keeping(view, (played) => ({ ...played, mark, writers: new Map([...played.writers, ...writers]) }));
  return Object.assign(late, {
    apply(...[to, by, work]: Parameters<JournalReplica['apply']>) {
      mark = view.mark;
      writers = new Map(by ? [[by.writer, { next: view.nextWrite(by.writer), position: mark.position }]] : []);
      view.apply(to, by, work);
    },
  });
}

function unfenced(journal: Journal): Journal {
  const epochs = new Map<string, number>();
  return {
    ...journal,
    claim(run, ...more) {
      const claimed = journal.claim(run, ...more);
      claimed.then(
        (epoch) => epochs.set(run, epoch),
        () => {},
      );
      return claimed;
    },
    commit: (commit) => journal.commit({ ...commit, epoch: epochs.get(commit.run) ?? commit.epoch }),
  };
}

const mutants: Record<string, SimulateOptions & { readonly says: RegExp }> = {
  'the epoch is not checked when a commit is applied': {
    journal: unfenced,
    shared: true,
    says: /was written in epoch 1, when the owner was that of 2 \(E4\)/,
    seed: 30,
    seeds: 10,
  },
  'the positions of the writers are missing in a snapshot': {
    shared: (view) => keeping(view, (played) => ({ ...played, writers: new Map() })),
    says: /^divided: /,
    seed: 270,
    seeds: 10,
  },
  'the applied position is not stored together with the content': {
    shared: notAtomic,
    says: /^divided: |stands still/,
  },
};

test.each(Object.entries(mutants))('found: %s', async (_, { says, ...options }) => {
  const { journal = (inner: Journal) => inner } = options;
  const { failures } = await simulate(counting, {
    seeds: 100,
    shrink: false,
    ...options,
    // Each step is stored by itself: there is more to write, and more to go wrong.
    journal: (inner) => stepByStep(journal(inner)),
  });
  expect(failures.flatMap(({ problems }) => problems)).toContainEqual(expect.stringMatching(says));
});
