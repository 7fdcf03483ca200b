/** The lines of a log are read while the run goes on: whatever happens between two readings of the journal, no line is lost, and none comes twice. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { testRuntime, type TestRuntime } from 'troupe/testing';
import { troupeClient, type LogEntry } from '../../src/client/index.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { flow } from '../../src/index.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { Clock } from '../../src/values/clock.ts';
import { TroupeError } from '../../src/values/failure.ts';

const steps = flow('steps', async (ctx, count) => {
  for (let n = 0; n < Number(count); n++) {
    await ctx.signal('go');
    await ctx.checkpoint('step', () => n);
    if (n % 2 === 0) await ctx.wait({ name: 'ok', schema: z.string(), deadline: 1, default: 'late' });
  }
});

/** Starts it, and gives what lets it go on by one step, so many times. */
async function started(runtime: TestRuntime, count: number) {
  await runtime.start(steps, count, { key: 'r' });
  await runtime.settle();
  let sent = 0;
  return {
    isDone: () => sent === count,
    async goOn() {
      if (sent === count) return;
      await runtime.signal('flow/r', { type: 'flow.signal', name: 'go', value: (sent += 1) });
      await runtime.settle();
      await runtime.advance('1s');
    },
  };
}

/** A runtime whose journal calls `then` after each reading of the run, before it gives what was read. */
function between(runtime: TestRuntime, then: () => Promise<void>): Runtime {
  const { journal } = runtime;
  const after = async <T>(reading: Promise<T>): Promise<T> => {
    const read = await reading;
    await then();
    return read;
  };
  const reading: Journal = {
    ...journal,
    find: (query) => after(journal.find(query)),
    history: (query) => after(journal.history(query)),
    ledger: (run) => after(journal.ledger(run)),
  };
  return { ...runtime, observe: runtime.observe.bind(runtime), journal: reading } as unknown as Runtime;
}

// The readings follow each other in a circle: with each number of steps the run ends between two other ones.
test.each([9, 10, 11, 12])(
  'of a run that goes on between any two readings of the journal, each line is followed once: %i steps',
  async (count) => {
    await using runtime = await testRuntime();
    const { goOn } = await started(runtime, count);
    const real = await troupeClient({ runtime });
    const followed: LogEntry[] = [];
    const client = await troupeClient({ runtime: between(runtime, goOn) });
    for await (const line of client.executions.follow('r')) followed.push(line);
    expect(followed).toEqual(await real.executions.logs('r'));
    expect(followed.at(-1)?.message).toBe('completed');
  },
);

test.each([9, 10, 11, 12])(
  'lines that are asked for part by part, each after the last one, are all lines: %i steps',
  async (count) => {
    await using runtime = await testRuntime();
    const { goOn, isDone } = await started(runtime, count);
    const real = await troupeClient({ runtime });
    const client = await troupeClient({ runtime: between(runtime, goOn) });
    const all: LogEntry[] = [];
    for (let quiet = 0; quiet < 2;) {
      const last = all.at(-1);
      const part = await client.executions.logs('r', last ? { after: last.seq } : {});
      all.push(...part);
      quiet = part.length === 0 && isDone() ? quiet + 1 : 0;
    }
    expect(all).toEqual(await real.executions.logs('r'));
  },
);

/** A clock on which nobody waits. */
const impatient: Clock = {
  ...systemClock(),
  wake(_, call) {
    const timer = setImmediate(call);
    return { [Symbol.dispose]: () => clearImmediate(timer) };
  },
};

test('a journal that is locked for a moment ends no log that is followed; one that stays locked does', async () => {
  await using runtime = await testRuntime();
  await runtime.start(
    flow('once', async (ctx) => ctx.checkpoint('a', () => 1)),
    null,
    { key: 'r' },
  );
  await runtime.settle();
  const failing = async (times: number) => {
    let left = times;
    const busy = between(runtime, async () => {
      if (left-- > 0) throw new TroupeError('storage', 'It is locked by another program.', { retryable: true });
    });
    const lines: LogEntry[] = [];
    const client = await troupeClient({ runtime: busy, clock: impatient });
    for await (const line of client.executions.follow('r')) lines.push(line);
    return lines;
  };
  expect((await failing(2)).at(-1)?.message).toBe('completed');
  await expect(failing(Infinity)).rejects.toThrow('locked');
});
