/** What a take-over asks of the server. */
import { expect, test } from 'vitest';
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import type { FencedLogs } from '../../../src/journal/shared/store.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { claimOptions, cutOff } from './faults.ts';

const count = 50;

/** Waiting runs of a process that is dead, as another one finds them; the requests that it makes of the server are counted. */
async function deadRuns() {
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
  const asked = { requests: 0 };
  const counted = (logs: FencedLogs): FencedLogs =>
    Object.fromEntries(
      Object.entries(logs).map(([name, ask]) => [
        name,
        (...given: unknown[]) => (asked.requests++, (ask as (...given: unknown[]) => unknown)(...given)),
      ]),
      // The same methods, each counted.
    ) as unknown as FencedLogs;
  const { logs, runs: segments, mail, free, ...rest } = store.open();
  const heir = shared({
    store: { ...rest, logs: counted(logs), runs: counted(segments), mail: counted(mail), free: counted(free) },
    clock,
  });
  await advance(2_000);
  asked.requests = 0;
  return { runs, heir, asked, clock };
}

test('a process that takes over the waiting runs of a dead one asks the server a few times for each', async () => {
  const { runs, heir, asked, clock } = await deadRuns();
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
  expect(asked.requests / count).toBeLessThan(5.5);
  for (const run of runs) expect((await heir.load(`agent/${run}`))?.seq).toBe(1);
});

test('a process that takes them over as they are listed sends one message for each, and reads none', async () => {
  const { runs, heir, asked, clock } = await deadRuns();
  const listed = await heir.claims({ expiredAt: clock.now() });
  expect(listed).toHaveLength(count);
  await Promise.all(
    listed.map(async ({ run, epoch, rest }) => {
      expect(rest).toEqual({ root: `agent/${run}`, about: {} });
      expect(await heir.claim(run, 'heir', { ...claimOptions, asListed: epoch })).toBe(2);
    }),
  );
  expect(await heir.mailed()).toEqual([]);
  expect(asked.requests / count).toBeLessThan(1.5);
  for (const run of runs) {
    expect((await heir.load(`agent/${run}`))?.seq).toBe(1);
    await heir.commit(commitFor({ run, actor: `agent/${run}`, seq: 2, epoch: 2 }));
    expect((await heir.load(`agent/${run}`))?.seq).toBe(2);
  }
});
