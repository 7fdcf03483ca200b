/** Processes that claim, commit, give back and read at random over a faulty store: whatever goes wrong, the shared journal keeps what it acknowledged. Planted defects are found. */
import { afterEach, expect, test, vi } from 'vitest';
import { entryKind } from '../../../src/journal/shared/entry.ts';
import { Incarnation } from '../../../src/journal/shared/incarnation.ts';
import { ProcessLog } from '../../../src/journal/shared/processLog.ts';
import { RunReader } from '../../../src/journal/shared/runReader.ts';
import { segmentHead } from '../../../src/journal/shared/segment.ts';
import type { FencedLogs, SharedStore } from '../../../src/journal/shared/store.ts';
import { seedsOf } from '../../dose.ts';
import { limits } from '../../limits.ts';
import { tryJournal } from './ordering/journalWorld.ts';

afterEach(() => vi.restoreAllMocks());

const { seeds, timeout } = seedsOf(60, 2_000);

test(
  'whatever goes wrong with the store, what was acknowledged is there once and in order, what was refused is not, and every run is found',
  async () => {
    let [commits, faults] = [0, 0];
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await tryJournal({ seed });
      expect(result.problems, `seed ${seed}`).toEqual([]);
      commits += result.commits;
      faults += result.faults;
    }
    expect(commits).toBeGreaterThan(seeds);
    expect(faults).toBeGreaterThan(seeds);
  },
  timeout,
);

test.each([
  [22, 'a run that two callers claimed at once lost what was written between the two claims'],
  [25, 'a tail that was read on for another run took away what the claim had to move'],
  [90, 'a trim wrote a segment for a run that was being given back, and nobody had it afterwards'],
  [141, 'a claim that came while a run was given back later was forgotten'],
  [14, 'a process that closed while it gave a run back removed the log that names the run'],
  [426, 'a process that stood still until its log was removed was told that the server is in an older state'],
  [8692, 'a run of which an actor was stored, and its root not yet, was found by nobody after it was given back'],
  [11748, 'a process that learned of the end of its log while it trimmed it deleted what nobody had moved yet'],
  [7524, 'a process whose log was ended and removed was told that it is not known whether it gave a run back'],
])('seed %i: %s', async (seed) => {
  expect((await tryJournal({ seed })).problems).toEqual([]);
});

test('the same seed is the same history', async () => {
  const traces = async () => {
    const lines: string[] = [];
    await tryJournal({ seed: 7, trace: (says) => lines.push(says) });
    return lines;
  };
  expect(await traces()).toEqual(await traces());
});

interface Mutant {
  readonly plant: () => ((store: SharedStore) => SharedStore) | undefined;
  readonly says: RegExp;
  /** The most seeds that it takes to find it. */
  readonly within: number;
}

/** Appends whatever the last message is. */
const unfenced = (logs: FencedLogs): FencedLogs => ({
  ...logs,
  append: async (name, _expected, message) => logs.append(name, (await logs.last(name))?.sequence ?? 0, message),
});

const mutants: Record<string, Mutant> = {
  'the log of a process takes an entry after its end': {
    plant: () => (store) => ({ ...store, logs: unfenced(store.logs) }),
    says: /^lost|^divided|^refused|^stale/,
    within: 100,
  },
  'a segment is appended whatever the last one is': {
    plant: () => (store) => ({ ...store, runs: unfenced(store.runs) }),
    says: /^damaged|cannot be judged/,
    within: 100,
  },
  'an index that lags decides that a log is not needed any more': {
    plant: () => (store) => ({
      ...store,
      logs: {
        ...store.logs,
        async append(name, expected, message) {
          const sequence = await store.logs.append(name, expected, message);
          if (sequence === undefined || entryKind(message).fencedBy === undefined) return sequence;
          const owners = new Set<string | undefined>();
          for await (const head of store.runs.allHeads()) owners.add(segmentHead(head)?.owner);
          if (!owners.has(name)) await store.logs.remove(name);
          return sequence;
        },
      },
    }),
    says: /^lost|^divided|^stale/,
    within: 300,
  },
  'a log is trimmed before the segments are durable': {
    plant: () => (store) => ({
      ...store,
      logs: {
        ...store.logs,
        async append(name, expected, message) {
          const sequence = await store.logs.append(name, expected, message);
          if (sequence !== undefined && new TextDecoder().decode(message.body).includes('"roster"'))
            await store.logs.trim(name, sequence);
          return sequence;
        },
      },
    }),
    says: /^lost|^stale|^divided/,
    within: 200,
  },
  'a run is claimed before the log of its owner is ended': {
    plant() {
      const { take } = RunReader.prototype;
      vi.spyOn(RunReader.prototype, 'take').mockImplementation(async function (this: RunReader, run) {
        const found = await take.call(this, run);
        return found && { ...found, isFenced: true };
      });
      return undefined;
    },
    says: /^lost|^divided|^stale/,
    within: 100,
  },
  'the log names a run after it was claimed': {
    plant() {
      vi.spyOn(Incarnation.prototype, 'claiming').mockImplementation(async function (
        this: Incarnation,
        run,
        _isEmpty,
        claim,
      ) {
        const claimed = await claim();
        this.log.took(run).catch(() => {});
        return claimed;
      });
      return undefined;
    },
    says: /^lost: nobody finds/,
    within: 300,
  },
  'a segment says that it has what came after it was made': {
    plant() {
      const sequence = Object.getOwnPropertyDescriptor(ProcessLog.prototype, 'sequence')?.get;
      vi.spyOn(ProcessLog.prototype, 'sequence', 'get').mockImplementation(function (this: ProcessLog) {
        return Number(sequence?.call(this)) + 2;
      });
      return undefined;
    },
    says: /^lost|^divided|^stale/,
    within: 100,
  },
};

test.each(Object.entries(mutants))(
  'found: %s',
  async (_, { plant, says, within }) => {
    const defect = plant();
    const found: string[] = [];
    for (let seed = 1; seed <= within && found.length === 0; seed++) {
      const { problems } = await tryJournal({ seed, ...(defect ? { plant: defect } : {}) });
      found.push(...problems.filter((problem) => says.test(problem)));
    }
    expect(found).not.toEqual([]);
  },
  limits.long,
);
