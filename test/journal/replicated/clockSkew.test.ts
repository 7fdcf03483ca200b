/** Two processes whose clocks are ten minutes apart, on one server: a lease is only a hint, and the log's order says who owns the run. */
import { expect, test } from 'vitest';
import type { Clock } from '../../../src/values/clock.ts';
import { jetstream } from '../../../src/journal/replicated/jetstream.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { openRuntime } from '../../../src/runtime/runtime.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { counter } from '../../testing/subjects.ts';
import { natsServer } from '../../nats/server.ts';

/** A clock that is wrong by so many milliseconds. */
function wrong(by: number): Clock {
  const right = systemClock();
  return { ...right, now: () => right.now() + by, wake: (at, call) => right.wake(at - by, call) };
}

test('whoever is fast takes the run from whoever is slow; what was done stays done, and nothing is done twice', async () => {
  await using server = await natsServer();
  const open = async (by: number) => {
    const connection = await connectNats({ servers: server.url });
    const clock = wrong(by);
    const journal = await jetstream({ connection, clock });
    const runtime = await openRuntime({ journal, clock, poll: 200 });
    return {
      runtime,
      async [Symbol.asyncDispose]() {
        await runtime.close();
        await journal[Symbol.asyncDispose]();
        await connection.close();
      },
    };
  };
  await using slow = await open(-300_000);
  await using fast = await open(300_000);
  const first = await slow.runtime.start(counter(), null, { key: 'job' });
  const lost = first.outcome();
  await expect.poll(async () => (await slow.runtime.journal.history({ run: 'job' })).length).toBeGreaterThan(3);
  const second = await fast.runtime.start(counter(), null, { key: 'job' });
  expect(await second.outcome()).toMatchObject({ status: 'done', output: 5 });
  expect(await lost).toMatchObject({ status: 'parked', failure: { kind: 'fenced' } });
  const history = await fast.runtime.journal.history({ run: 'job' });
  expect(new Set(history.map(({ epoch }) => epoch))).toEqual(new Set([1, 2]));
  for (const actor of new Set(history.map((entry) => entry.actor))) {
    const seqs = history.filter((entry) => entry.actor === actor).map(({ seq }) => seq);
    expect(seqs, actor).toEqual(seqs.map((_, index) => index + 1));
  }
});
