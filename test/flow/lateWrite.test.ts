/** A write that must not happen twice and whose time is up in the middle: nobody knows whether it happened, as after a crash. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow, TroupeError } from '../../src/index.ts';
import { deferred } from '../deferred.ts';
import type { Duration } from '../../src/values/duration.ts';
import { limits } from '../limits.ts';
import { answerOnly, journalOf, onDisk, resultIn, untilRest } from './processes.ts';

/** A flow that pays: the first call of each attempt in `hangs` never ends. */
function payer(hangs: () => boolean) {
  const { done, does } = journalOf();
  const pay = checkpoint(
    'pay',
    { effect: 'write', timeout: '20ms', retries: { times: 3, backoff: 1 } },
    (_: null, { attempt }) => {
      does(`pay, attempt ${attempt}`);
      return hangs() ? new Promise<string>(() => {}) : `paid in attempt ${attempt}`;
    },
  );
  return { done, order: flow('order', async (ctx) => pay.call(ctx, null)) };
}

test('a write whose time is up in the middle is not begun again: a person is asked whether it happened', async () => {
  const { done, order } = payer(() => true);
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, order, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'pay' }] });
  await answerOnly(runtime, { happened: true, result: 'receipt 7' });
  expect(resultIn(await untilRest(runtime, order, null))).toBe('receipt 7');
  expect(done).toEqual(['pay, attempt 1']);
});

test('a write that has not happened in its time is begun again, and asked about again where it takes too long once more', async () => {
  let hanging = 2;
  const { done, order } = payer(() => hanging-- > 0);
  await using runtime = await onDisk()();
  await untilRest(runtime, order, null);
  await answerOnly(runtime, { happened: false });
  expect(await untilRest(runtime, order, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'pay' }] });
  await answerOnly(runtime, { happened: false });
  expect(resultIn(await untilRest(runtime, order, null))).toBe('paid in attempt 1');
  expect(done).toHaveLength(3);
});

test('the question about a write whose time was up is one question in every process', async () => {
  let hanging = 1;
  const { done, order } = payer(() => hanging-- > 0);
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, order, null);
  }
  {
    await using second = await open();
    expect(await untilRest(second, order, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'pay' }] });
    expect(await second.tickets('r')).toHaveLength(1);
  }
  {
    await using person = await open();
    await answerOnly(person, { happened: false });
  }
  await using third = await open();
  expect(resultIn(await untilRest(third, order, null))).toBe('paid in attempt 1');
  expect(done).toHaveLength(2);
});

test('in a clean-up a write whose time was up is not begun again, and rejects as uncertain', async () => {
  const { done, does } = journalOf();
  const begun = deferred();
  const trip = flow('trip', async (ctx) => {
    try {
      begun.resolve();
      await ctx.wait();
    } finally {
      await ctx.nonCancellable(() =>
        ctx
          .checkpoint('refund', { effect: 'write', timeout: '20ms', retries: 3 }, () => {
            does('refund');
            return new Promise(() => {});
          })
          .catch((error: TroupeError) => does(`${error.kind}: ${error.message}`)),
      );
    }
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(trip, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'no more' });
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  expect(done).toEqual(['refund', expect.stringMatching(/^uncertain: "refund" was under way .*look up whether/)]);
});

test.each<[string, Duration, Duration]>([
  ['before its time is up', '200ms', '20ms'],
  ['after its time is up, while a person is asked', '20ms', '200ms'],
])('a write that has lost a race keeps nobody waiting, and is named: %s', async (_, timeout, pause) => {
  const { done, does } = journalOf();
  const order = flow('order', async (ctx) =>
    Promise.race([
      ctx.checkpoint('pay', { effect: 'write', timeout }, () => {
        does('pay');
        return new Promise<string>(() => {});
      }),
      ctx.sleep(pause).then(() => 'too slow'),
    ]),
  );
  const told = { status: 'done', output: 'too slow', unsettled: [{ checkpoint: 'pay', key: 'r/pay' }] };
  const open = onDisk();
  {
    await using runtime = await open();
    expect(await (await runtime.start(order, null, { key: 'r' })).outcome()).toEqual(told);
    await expect.poll(() => runtime.tickets('r'), { timeout: limits.step }).toEqual([]);
  }
  await using later = await open();
  expect(await (await later.start(order, null, { key: 'r' })).outcome()).toEqual(told);
  expect(done).toEqual(['pay']);
});

test('a write that has lost a race in a process that died keeps nobody waiting in the next one', async () => {
  const { done, does } = journalOf();
  const order = flow('order', async (ctx) =>
    Promise.race([
      ctx.checkpoint('pay', { effect: 'write' }, () => {
        does('pay');
        return new Promise<string>(() => {});
      }),
      ctx.signal('enough', z.string()),
    ]),
  );
  const open = onDisk();
  {
    await using first = await open();
    await first.start(order, null, { key: 'r' });
    await expect.poll(() => done, { timeout: limits.step }).toEqual(['pay']);
  }
  await using second = await open();
  expect(await untilRest(second, order, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'pay' }] });
  const handle = await second.start(order, null, { key: 'r' });
  await second.signal(handle.root, { type: 'flow.signal', name: 'enough', value: 'too slow' });
  expect(await handle.outcome()).toEqual({
    status: 'done',
    output: 'too slow',
    unsettled: [{ checkpoint: 'pay', key: 'r/pay' }],
  });
  expect(done).toEqual(['pay']);
});

test('a write that nobody awaits and whose time was up is part of the flow: a person is asked', async () => {
  const order = flow('order', async (ctx) => {
    void ctx.checkpoint('pay', { effect: 'write', timeout: '20ms' }, () => new Promise<string>(() => {}));
    return Promise.resolve('ordered');
  });
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, order, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'pay' }] });
  await answerOnly(runtime, { happened: true });
  const outcome = await untilRest(runtime, order, null);
  expect(resultIn(outcome)).toBe('ordered');
  expect(outcome).not.toHaveProperty('unsettled');
});

test('a retry of a run that failed because nobody knew whether a write happened asks first', async () => {
  const { done, does } = journalOf();
  const order = flow('order', async (ctx) =>
    ctx.checkpoint('pay', { effect: 'write' }, (): string => {
      does('pay');
      throw new TroupeError('uncertain', 'The bank gave no answer.');
    }),
  );
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, order, null)).toMatchObject({ status: 'failed', failure: { kind: 'uncertain' } });
  const again = await runtime.retry('r', order);
  expect(await again.outcome({ returnWhenWaiting: true })).toMatchObject({ tickets: [{ name: 'pay' }] });
  await answerOnly(runtime, { happened: true, result: 'receipt 7' });
  expect(resultIn(await again.outcome())).toBe('receipt 7');
  expect(done).toEqual(['pay']);
});
