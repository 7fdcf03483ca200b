/** A run that goes on shows what is under way in it, in the process that runs it and in any other. */
import { expect, test } from 'vitest';
import { troupeClient } from '../../src/client/index.ts';
import { checkpoint, flow } from '../../src/index.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { deferred } from '../deferred.ts';
import { journalOf, onDisk, untilRest } from './processes.ts';
import { recordsIn } from './recordsIn.ts';

const pause = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

/** A flow with three calls that take long, of which the last is never done. */
function working() {
  const { done, does } = journalOf();
  const released = deferred();
  const steps = flow('steps', async (ctx) => {
    await ctx.checkpoint('quick', () => does('quick'));
    return Promise.all([
      ctx.checkpoint('slow', { type: 'tool_call', retries: { times: 1, backoff: '1ms' } }, async ({ attempt }) => {
        does(`slow ${attempt}`);
        if (attempt === 1) throw new Error('busy');
        await released.promise;
      }),
      ctx.checkpoint('outer', { nested: true }, async () =>
        ctx.checkpoint('inner', async () => {
          does('inner');
          await released.promise;
        }),
      ),
    ]);
  });
  return { steps, done, release: () => released.resolve() };
}

test('an attempt that has lasted a second is shown with when it began, also to a process that only reads the journal', async () => {
  const { steps, done, release } = working();
  const clock = virtualClock();
  const open = onDisk({ clock, leaseTtl: 100_000_000, poll: 100_000_000 });
  await using runtime = await open();
  const handle = await runtime.start(steps, null, { key: 'r' });
  while (!done.includes('slow 1')) await pause();
  await pause(20);
  clock.advance(2);
  while (!done.includes('slow 2')) await pause();
  const began = clock.now();
  clock.advance(1_000);
  await pause(20);
  await using other = await open();
  for (const reader of [runtime, other]) {
    await using client = await troupeClient({ runtime: reader });
    const { checkpoints, status } = await client.executions.get('r');
    expect(status).toBe('running');
    expect(checkpoints.map(({ invocation_id: id, status: is }) => [id, is])).toEqual([
      ['quick', 'completed'],
      ['slow', 'running'],
      ['outer', 'running'],
      ['outer/inner', 'running'],
    ]);
    expect(checkpoints[1]).toMatchObject({
      checkpoint_type: 'tool_call',
      attempts: [
        { attempt: 1, status: 'failed' },
        { attempt: 2, status: 'running', started_at: began },
      ],
    });
    expect(checkpoints[3]?.parent_call_ids).toEqual(['r/outer']);
  }
  // All that were due were stored together.
  const stored = (await runtime.journal.ledger('r')).filter(({ outcome }) =>
    JSON.stringify(outcome).includes('"begun"'),
  );
  expect(stored).toHaveLength(1);
  release();
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
  await using client = await troupeClient({ runtime });
  const { checkpoints } = await client.executions.get('r');
  expect(checkpoints.every(({ status }) => status === 'completed')).toBe(true);
  expect(checkpoints[1]?.attempts).toMatchObject([{ status: 'failed' }, { status: 'completed' }]);
});

test('calls that end soon are recorded once, when they end', async () => {
  const steps = flow('steps', async (ctx) => {
    for (const name of ['a', 'b']) await ctx.checkpoint(name, () => name);
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  expect(await recordsIn(runtime, 'r', 'begun')).toEqual([]);
});

test('an item that was stopped because another one has failed is not under way any more', async () => {
  const clock = virtualClock();
  const failing = deferred();
  const item = checkpoint('item', async (n: number, { signal }) => {
    if (n > 0)
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    await failing.promise;
    throw new Error('zero');
  });
  const steps = flow('steps', async (ctx) => {
    await ctx.map(item, [0, 1]).catch(() => {});
    await ctx.wait({ name: 'go' });
  });
  await using runtime = await onDisk({ clock, leaseTtl: 100_000_000, poll: 100_000_000 })();
  const handle = await runtime.start(steps, null, { key: 'r' });
  await pause(20);
  clock.advance(1_000);
  await pause(20);
  failing.resolve();
  await handle.outcome({ returnWhenWaiting: true });
  await using client = await troupeClient({ runtime });
  const { checkpoints } = await client.executions.get('r');
  expect(checkpoints.map(({ invocation_id: id, status }) => [id, status])).toEqual([
    ['item', 'failed'],
    ['item_2', 'cancelled'],
    ['go', 'waiting'],
  ]);
});
