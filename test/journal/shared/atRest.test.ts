/** What a process asks of the store while it looks for runs that nobody has, and there are none. */
import { expect, test } from 'vitest';
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { FencedLogs, SharedStore } from '../../../src/journal/shared/store.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';

const claim = { now: 0, ttl: 10_000 };

/** Counts the lists of the names of logs that are asked for. */
function counted(store: SharedStore) {
  const asked = { lists: 0 };
  const logs: FencedLogs = { ...store.logs, names: (prefix) => (asked.lists++, store.logs.names(prefix)) };
  return { store: { ...store, logs }, asked };
}

/** A process that runs one run, and another one that looks for free ones twice a second. */
async function watched() {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const own = store.open();
  let isDead = false;
  const presence = {
    ...own.presence,
    announce: async (process: string) => void (isDead || (await own.presence.announce(process))),
  };
  const worker = shared({ store: { ...own, presence }, clock });
  const { store: seen, asked } = counted(store.open());
  const looker = shared({ store: seen, clock });
  /** Lets seconds pass; what was free after each look. */
  const look = async (seconds: number) => {
    const found: string[][] = [];
    for (let half = 0; half < 2 * seconds; half++) {
      for (let step = 0; step < 5; step++) {
        clock.advance(100);
        await new Promise((resolve) => setImmediate(resolve));
      }
      found.push((await looker.claims({ expiredAt: clock.now() })).map(({ run }) => run));
    }
    return found;
  };
  const begun = worker.claim('r', 'worker', claim);
  await look(2);
  const epoch = await begun;
  await worker.commit(
    commitFor({ run: 'r', actor: 'agent/r', seq: 1, epoch, event: { id: 'e', type: 'go', body: {} } }),
  );
  return {
    asked,
    look,
    kill: async () => {
      isDead = true;
      await own[Symbol.asyncDispose]();
    },
  };
}

test('while all processes live, their logs are listed once in five seconds', async () => {
  const { asked, look } = await watched();
  await look(5);
  asked.lists = 0;
  expect((await look(60)).flat()).toEqual([]);
  expect(asked.lists).toBeLessThanOrEqual(13);
});

test('the runs of a process that has died are found as soon as it is missed, and as long as nobody has them', async () => {
  const { look, kill } = await watched();
  await look(10);
  await kill();
  const found = await look(10);
  expect(found.findIndex((runs) => runs.includes('r'))).toBeLessThanOrEqual(4);
  expect(found.slice(4).every((runs) => runs.includes('r'))).toBe(true);
});
