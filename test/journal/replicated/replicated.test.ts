/** A replicated journal keeps the contract of every journal, also when the log loses acknowledgements and stores entries twice. */
import { expect, test } from 'vitest';
import { journalSuite } from 'troupe/testing/suites';
import { virtualClock } from 'troupe/testing';
import { TroupeError } from '../../../src/values/failure.ts';
import type { Clock } from '../../../src/values/clock.ts';
import type { Log } from '../../../src/journal/replicated/log.ts';
import { sqliteReplica } from '../../../src/journal/replicated/sqliteReplica.ts';
import { memoryReplica } from '../../../src/journal/replicated/memoryReplica.ts';
import { replicated, type ReplicatedOptions } from '../../../src/journal/replicated/replicated.ts';
import type { JournalReplica } from '../../../src/journal/replicated/replica.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';
import { seededRandom } from '../../../src/testing/world/random.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';

/** A clock whose timers fire at once. */
const immediateClock: Clock = {
  ...systemClock(),
  wake(_at, call) {
    const timer = setImmediate(call);
    return { [Symbol.dispose]: () => clearImmediate(timer) };
  },
};

interface LogFaults {
  readonly faulty?: boolean;
  readonly limit?: number;
}

/** `faulty`: every third acknowledgement is lost, and every fifth entry is stored twice. */
function memoryLog({ faulty = false, ...more }: LogFaults = {}) {
  const log = new SharedLog(more);
  let count = 0;
  const open = (): Log => ({
    ...log.open(),
    async append(id, entry) {
      count++;
      await Promise.resolve();
      log.append(id, entry);
      if (faulty && count % 5 === 0) log.append(id, entry);
      if (faulty && count % 3 === 0) throw new TroupeError('storage', 'The answer was lost.');
    },
  });
  return { log, open };
}
type MemoryLog = ReturnType<typeof memoryLog>;

const replicas = {
  memory: async () => memoryReplica(),
  'a file': () => sqliteReplica(':memory:'),
};
const join = async (log: MemoryLog, replica: JournalReplica, more: Partial<ReplicatedOptions> = {}) =>
  replicated({ log: log.open(), replica: replica, clock: immediateClock, ...more });

for (const [kind, replica] of Object.entries(replicas))
  for (const [name, { every = 10_000, ...options }] of [
    ['a log', {}],
    ['a faulty log', { faulty: true }],
    ['a log of small entries', { limit: 10 }],
    ['a faulty log with a snapshot at each entry', { faulty: true, every: 1 }],
  ] as const satisfies [string, LogFaults & { every?: number }][]) {
    const logs = new WeakMap<object, MemoryLog>();
    const openJournal = async (log: MemoryLog) => {
      const journal = await join(log, await replica(), { snapshotEvery: every });
      logs.set(journal, log);
      return journal;
    };
    journalSuite(`a replicated journal with ${name} and a replica in ${kind}`, {
      open: () => openJournal(memoryLog(options)),
      again: (journal) => openJournal(logs.get(journal)!),
    });
  }

test('many concurrent commits are grouped in few log entries', async () => {
  const log = memoryLog();
  const journal = await replicated({ log: log.open(), replica: memoryReplica(), clock: virtualClock() });
  await journal.claim('r', 'me', { now: commitTime, ttl: 1_000 });
  const before = log.log.entries.length;
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.commit(commitFor({ actor: `agent/a${n}` }))));
  expect(log.log.entries.length - before).toBe(1);
});

test('whatever the order in which processes write, all of them have the same journal', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const log = memoryLog({ faulty: true });
    const journals = await Promise.all([1, 2, 3].map(() => join(log, memoryReplica())));
    const epochs = new Map<number, number>();
    for (let step = 0; step < 40; step++) {
      const index = random.between(0, 2);
      const journal = journals[index]!;
      const seq = ((await journal.load('agent/a'))?.seq ?? 0) + 1;
      const request = random.chance(0.3)
        ? journal
            .claim('r', `p${index}`, { now: commitTime + step * 1_000, ttl: 2_500 })
            .then((epoch) => void epochs.set(index, epoch))
        : journal.commit(
            commitFor({ seq, epoch: epochs.get(index) ?? 0, appends: [{ list: 'said', entry: `${index} ${step}` }] }),
          );
      if (random.chance(0.7)) await request.catch(() => {});
      else request.catch(() => {});
    }
    for (const journal of journals) await journal.release('unknown', 0); // By then all earlier requests are applied.
    const contents = await Promise.all(
      journals.map(async (journal) => [
        await journal.list('agent/a', 'said'),
        await journal.history({ run: 'r' }),
        await journal.find({ run: 'r' }),
      ]),
    );
    expect(contents[1], `seed ${seed}`).toEqual(contents[0]);
    expect(contents[2], `seed ${seed}`).toEqual(contents[0]);
    expect((contents[0]![0] as unknown[]).length, `seed ${seed}`).toBeGreaterThan(0);
  }
});

test.each([
  ['memory', () => Promise.resolve(memoryReplica())],
  ['a file', () => sqliteReplica(':memory:')],
])(
  'a shared journal with its copy in %s deletes no run by itself: a process would delete it for all machines',
  async (_, open) => {
    await using journal = await replicated({ log: memoryLog().open(), replica: await open(), clock: immediateClock });
    expect(journal.pruneSome).toBeUndefined();
  },
);
