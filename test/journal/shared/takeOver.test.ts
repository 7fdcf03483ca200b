/** What a take-over asks of the server. */
import { expect, test } from 'vitest';
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { FencedLogs } from '../../../src/journal/shared/store.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { claimOptions, cutOff } from './faults.ts';

const count = 50;

test('a process that takes over the waiting runs of a dead one asks the server a few times for each', async () => {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await new Promise((turn) => setImmediate(turn));
    }
  };
  const dead = shared({ store: { ...store.open(), presence: cutOff(store.open().presence) }, clock });
  const runs = Array.from({ length: count }, (_, n) => `r${n}`);
  for (const run of runs) {
    const epoch = await dead.claim(run, 'dead', claimOptions);
    await dead.commit(commitFor({ run, actor: `agent/${run}`, epoch }));
  }
  await advance(10_000); // They are quiet, and each is in two segments.
  let requests = 0;
  const counted = (logs: FencedLogs): FencedLogs =>
    Object.fromEntries(
      Object.entries(logs).map(([name, ask]) => [
        name,
        (...asked: unknown[]) => (requests++, (ask as (...given: unknown[]) => unknown)(...asked)),
      ]),
      // The same methods, each counted.
    ) as unknown as FencedLogs;
  const { logs, runs: segments, mail, free, ...rest } = store.open();
  const heir = shared({
    store: { ...rest, logs: counted(logs), runs: counted(segments), mail: counted(mail), free: counted(free) },
    clock,
  });
  await advance(2_000);
  requests = 0;
  expect(await heir.claims({ expiredAt: clock.now() })).toHaveLength(count);
  await Promise.all(
    runs.map(async (run) => {
      // What it is, whether this process can go on with it, its lease, its messages.
      expect(await heir.find({ run, parent: null })).toHaveLength(1);
      expect(await heir.find({ run, parent: null })).toHaveLength(1);
      expect(await heir.claim(run, 'heir', claimOptions)).toBe(2);
      expect(await heir.mail(run)).toEqual([]);
    }),
  );
  expect(requests / count).toBeLessThan(5.5);
  for (const run of runs) expect((await heir.load(`agent/${run}`))?.seq).toBe(1);
});
