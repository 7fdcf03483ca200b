/** `simulate` on a journal that each process opens over a shared store, which is slow, unreachable, full, silent and behind: the promises are those of one disk, and planted defects are found. */
import { expect, test } from 'vitest';
import { seedsOf } from '../dose.ts';
import { simulate, type SimulateOptions } from 'troupe/testing';
import { stepByStep } from '../engine/journals.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { SharedStore } from '../../src/journal/shared/store.ts';
import { clerk, counting, desk, newsroom, patient } from './subjects.ts';

const { seeds, timeout } = seedsOf(50, 1_000);

test.each([
  ['a machine with a child and timers', counting],
  ['an agent that reads, writes and asks a person', clerk],
  ['a team of two', desk],
  ['the team of the demo', newsroom],
])(
  'whatever goes wrong with the shared store, %s ends, nothing is lost or performed twice, and all processes read the same',
  async (_, scenario) => {
    const { failures, faults } = await simulate(scenario, { seeds, shared: true });
    expect(failures).toEqual([]);
    for (const fault of ['partition', 'zombie', 'crash', 'duplicate', 'delay', 'unsure', 'slow'] as const)
      expect(faults[fault], fault).toBeGreaterThan(0);
  },
  timeout,
);

test(
  'so it is where processes take over what waits without loading it, wake it, cannot load it, and give it back',
  async () => {
    const { failures, results } = await simulate(patient, { seeds, shared: true, atRest: true });
    expect(failures).toEqual([]);
    // Otherwise the seeds were not about that.
    const share = (what: keyof (typeof results)[number]['rests']) =>
      results.filter(({ rests }) => rests[what] > 0).length / seeds;
    expect(share('taken')).toBeGreaterThan(0.9);
    expect(share('woken')).toBeGreaterThan(0.8);
    expect(share('failedWakes')).toBeGreaterThan(0.2);
    expect(share('releasedWhileWaking')).toBeGreaterThan(0.3);
  },
  timeout,
);

test(
  'so it is for an agent that asks a person and is taken over while it waits',
  async () => {
    const { failures } = await simulate(clerk, { seeds, shared: true, atRest: true });
    expect(failures).toEqual([]);
  },
  timeout,
);

test.each([
  [200054, 'answers were lost and the store had no room when the run was born'],
  [202960, 'both processes lost an answer when the run was born'],
  [203262, 'one process was cut off, and the other one lost the answer of the birth'],
  [205133, 'the store had no room when the run was born'],
  [350483, 'the answer that a process still had its run came after it had stood still'],
])('seed %i, in which a run got two owners: %s', async (seed) => {
  for (const scenario of [counting, desk])
    expect((await simulate(scenario, { seed, seeds: 1, shared: true })).failures).toEqual([]);
});

test('the same seed is the same run, event by event', async () => {
  const hashes = async () =>
    (await simulate(clerk, { seeds: 10, seed: 7, shared: true })).results.map(({ hash }) => hash);
  const first = await hashes();
  expect(await hashes()).toEqual(first);
  expect(new Set(first).size).toBe(10);
});

/** Deletes the log of a process up to its last entry from time to time, whether segments have it or not. */
function trimming(store: SharedStore): SharedStore {
  let appended = 0;
  return {
    ...store,
    logs: {
      ...store.logs,
      async append(name, expected, message) {
        const sequence = await store.logs.append(name, expected, message);
        if (sequence !== undefined && ++appended % 5 === 0) await store.logs.trim(name, sequence);
        return sequence;
      },
    },
  };
}

const mutants: Record<string, SimulateOptions & { readonly says: RegExp }> = {
  'a log is trimmed before segments have what it says': {
    shared: trimming,
    says: /^divided: /,
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
