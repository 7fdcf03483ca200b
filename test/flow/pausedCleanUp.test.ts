/** A pause, and a part of a flow that a cancel does not reach: the pause holds it as any other call, and a cancel ends the pause. */
import { expect, test } from 'vitest';
import { testRuntime, type TestRuntime } from 'troupe/testing';
import { troupeClient } from '../../src/client/index.ts';
import { flow, type RunHandle } from '../../src/index.ts';
import { deferred } from '../deferred.ts';
import { journalOf } from './processes.ts';

const cancel = { type: 'run.cancel', reason: 'enough' } as const;
const cancelled = { status: 'cancelled', reason: 'enough' };

/** A flow that undoes something in two calls; the first one takes until it is told to end. */
function undoing() {
  const { done, does } = journalOf();
  const first = deferred();
  const subject = flow('undoing', async (ctx) => {
    try {
      await ctx.wait({ name: 'undo' });
    } finally {
      await ctx.nonCancellable(async () => {
        await ctx.checkpoint('first', () => (does('first'), first.promise));
        await ctx.checkpoint('second', () => does('second'));
      });
    }
  });
  return { subject, done, first };
}

/** Begins it, and lets its clean-up begin: by an answer, so that nothing is cancelled yet, or by a cancel. */
async function cleaning(runtime: TestRuntime, { subject }: ReturnType<typeof undoing>, by: 'answer' | 'cancel') {
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  const [ticket] = await runtime.tickets('r');
  if (by === 'answer') await runtime.answer(ticket!.id, null);
  else await runtime.signal(handle.root, cancel);
  await runtime.settle();
  return handle;
}

async function pause(runtime: TestRuntime, { root }: RunHandle): Promise<void> {
  await runtime.signal(root, { type: 'run.pause' });
  await runtime.settle();
}

test('a pause holds what is next in it, until the run is resumed', async () => {
  const made = undoing();
  await using runtime = await testRuntime();
  const handle = await cleaning(runtime, made, 'answer');
  await pause(runtime, handle);
  made.first.resolve();
  await runtime.advance('1h');
  expect(made.done).toEqual(['first']);
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting', paused: true });
  await runtime.signal(handle.root, { type: 'run.resume' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
  expect(made.done).toEqual(['first', 'second']);
});

test('a cancel of a paused run ends the pause: what is left of it is done, and the run is cancelled', async () => {
  const made = undoing();
  await using runtime = await testRuntime();
  const handle = await cleaning(runtime, made, 'answer');
  await pause(runtime, handle);
  made.first.resolve();
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  await runtime.settle();
  expect(await handle.outcome()).toEqual(cancelled);
  expect(made.done).toEqual(['first', 'second']);
});

test('a pause of a run that is cleaning up changes nothing: it is cleaning up, and ends', async () => {
  const made = undoing();
  await using runtime = await testRuntime();
  const handle = await cleaning(runtime, made, 'cancel');
  await pause(runtime, handle);
  const client = await troupeClient({ runtime });
  expect(await client.executions.get('r')).toMatchObject({
    status: 'running',
    status_reason: 'It was told to stop, and is cleaning up.',
  });
  made.first.resolve();
  await runtime.settle();
  expect(await handle.outcome()).toEqual(cancelled);
  expect(made.done).toEqual(['first', 'second']);
});
