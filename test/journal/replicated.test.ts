/** A journal played from a log keeps the contract of every journal, and goes on keeping it when the log loses its answers and stores things twice. */
import { expect, test } from 'vitest';
import { journalSuite } from 'troupe/testing/suites';
import { virtualClock } from 'troupe/testing';
import { TroupeError } from '../../src/contracts/failure.ts';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Log } from '../../src/journal/log.ts';
import { memory } from '../../src/journal/memory.ts';
import { replicated } from '../../src/journal/replicated.ts';
import { systemClock } from '../../src/system/clock.ts';
import { randomOf } from '../../src/testing/simulate/random.ts';
import { commit, now } from '../../src/testing/suites/commit.ts';

/** Nobody waits long here. */
const hasty: Clock = {
  ...systemClock(),
  wake(_at, call) {
    const timer = setImmediate(call);
    return { [Symbol.dispose]: () => clearImmediate(timer) };
  },
};

/** In memory, for any number of journals. `careless`: every third answer is lost, and every fifth entry stored twice. */
function memoryLog({ careless = false, limit = 100_000 } = {}) {
  const entries: Uint8Array[] = [];
  const hearers = new Set<(entry: Uint8Array) => void>();
  let count = 0;
  const store = (entry: Uint8Array) => {
    entries.push(entry);
    for (const hear of hearers) hear(entry);
  };
  const open = (): Log => ({
    limit,
    async append(_id, entry) {
      count++;
      await Promise.resolve();
      store(entry);
      if (careless && count % 5 === 0) store(entry);
      if (careless && count % 3 === 0) throw new TroupeError('storage', 'The answer was lost.');
    },
    async play(hear) {
      entries.forEach(hear);
      hearers.add(hear);
      return { [Symbol.asyncDispose]: async () => void hearers.delete(hear) };
    },
    async [Symbol.asyncDispose]() {},
  });
  return { open, entries };
}

for (const [name, options] of [
  ['a log', {}],
  ['a careless log', { careless: true }],
  ['a log of small entries', { limit: 10 }],
] as const) {
  const logs = new WeakMap<object, ReturnType<typeof memoryLog>>();
  const on = async (log: ReturnType<typeof memoryLog>) => {
    const journal = await replicated(log.open(), memory(), hasty);
    logs.set(journal, log);
    return journal;
  };
  journalSuite(`a journal played from ${name}`, {
    open: () => on(memoryLog(options)),
    again: (journal) => on(logs.get(journal)!),
  });
}

test('many commits at once travel in few entries', async () => {
  const log = memoryLog();
  const journal = await replicated(log.open(), memory(), virtualClock());
  await journal.claim('r', 'me', { now, ttl: 1_000 });
  const before = log.entries.length;
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.commit(commit({ actor: `agent/a${n}` }))));
  expect(log.entries.length - before).toBe(1);
});

test('whatever the order in which processes write, all of them come to the same journal', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = randomOf(seed);
    const log = memoryLog({ careless: true });
    const journals = await Promise.all([1, 2, 3].map(() => replicated(log.open(), memory(), hasty)));
    const epochs = new Map<number, number>();
    for (let step = 0; step < 40; step++) {
      const who = random.between(0, 2);
      const journal = journals[who]!;
      const seq = ((await journal.load('agent/a'))?.seq ?? 0) + 1;
      const asked = random.chance(0.3)
        ? journal
            .claim('r', `p${who}`, { now: now + step * 1_000, ttl: 2_500 })
            .then((epoch) => void epochs.set(who, epoch))
        : journal.commit(
            commit({ seq, epoch: epochs.get(who) ?? 0, appends: [{ list: 'said', entry: `${who} ${step}` }] }),
          );
      if (random.chance(0.7)) await asked.catch(() => {});
      else asked.catch(() => {});
    }
    for (const journal of journals) await journal.release('nobody', 0); // Whatever was asked for before is played by then.
    const seen = await Promise.all(
      journals.map(async (journal) => [
        await journal.list('agent/a', 'said'),
        await journal.history({ run: 'r' }),
        await journal.find({ run: 'r' }),
      ]),
    );
    expect(seen[1], `seed ${seed}`).toEqual(seen[0]);
    expect(seen[2], `seed ${seed}`).toEqual(seen[0]);
    expect((seen[0]![0] as unknown[]).length, `seed ${seed}`).toBeGreaterThan(0);
  }
});
