/** Two processes on one server whose clocks differ by ten minutes: a lease is only a hint, and the order of the log decides which process owns the run. */
import { expect, test } from 'vitest';
import type { Clock } from '../../../src/values/clock.ts';
import { jetstream } from '../../../src/journal/replicated/jetstream.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { openRuntime } from '../../../src/runtime/runtime.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { counter } from '../../testing/subjects.ts';
import { natsServer } from '../../nats/server.ts';

/** A clock with an offset in milliseconds. */
function shiftedClock(by: number): Clock {
  const system = systemClock();
  return { ...system, now: () => system.now() + by, wake: (at, call) => system.wake(at - by, call) };
}

test('the process with the fast clock takes the run over; results stay stored, and no effect is performed twice', async () => {
  await using server = await natsServer();
  const open = async (by: number) => {
    const connection = await connectNats({ servers: server.url });
    const clock = shiftedClock(by);
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
