/** Attempts at a checkpoint, with limits of time and with a cancel between them. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { flow, openRuntime, run, type TroupeError } from '../../../src/index.ts';
import { deferred } from '../../deferred.ts';
import { journalOf } from '../processes.ts';

test('each attempt has the whole limit of time, is told to stop at its end, and is followed by the next', async () => {
  const stopped: number[] = [];
  const slow = flow('slow', async (ctx) =>
    ctx.checkpoint('work', { timeout: '20ms', retries: { times: 2, backoff: 1 } }, ({ attempt, signal }) => {
      if (attempt === 3) return 'in time';
      return new Promise<string>(() => signal.addEventListener('abort', () => stopped.push(attempt)));
    }),
  );
  expect(await run(slow, null, { db: 'memory' })).toBe('in time');
  expect(stopped).toEqual([1, 2]);
  const slower = flow('slower', async (ctx) =>
    ctx
      .checkpoint('work', { timeout: '5ms', retries: { times: 1, backoff: 1 } }, () => new Promise(() => {}))
      .catch(({ kind, message }: TroupeError) => `${kind}: ${message}`),
  );
  expect(await run(slower, null, { db: 'memory' })).toBe('timeout: The checkpoint "work" did not end within 5 ms.');
});

test('a cancel between two attempts ends the checkpoint at once, without another one, and the clean-up is done', async () => {
  const { done, does } = journalOf();
  const clock = virtualClock();
  const failed = deferred();
  const order = flow('order', async (ctx) => {
    try {
      await ctx.checkpoint('pay', { retries: { times: 5, backoff: '1h' } }, ({ attempt }) => {
        does(`attempt ${attempt}`);
        failed.resolve();
        throw new Error('closed');
      });
    } finally {
      does('release');
    }
  });
  await using runtime = await openRuntime({ db: 'memory', clock });
  const handle = await runtime.start(order, null, { key: 'r' });
  await failed.promise;
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'no more' });
  expect(await handle.outcome()).toEqual({ status: 'cancelled', reason: 'no more' });
  expect(done).toEqual(['attempt 1', 'release']);
});

test('work that hears no signal does not keep a flow that is cancelled', async () => {
  const clock = virtualClock();
  const begun = deferred();
  const deaf = flow('deaf', async (ctx) =>
    ctx.checkpoint('work', { timeout: '1h', retries: 3 }, () => {
      begun.resolve();
      return new Promise(() => {});
    }),
  );
  await using runtime = await openRuntime({ db: 'memory', clock });
  const handle = await runtime.start(deaf, null, { key: 'r' });
  await begun.promise;
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'no more' });
  expect(await handle.outcome()).toEqual({ status: 'cancelled', reason: 'no more' });
});
