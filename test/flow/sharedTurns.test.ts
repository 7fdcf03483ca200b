/** The bodies of a process share the turns of its event loop, and nothing else. */
import { expect, test } from 'vitest';
import { SharedCalls } from '../../actors/flow/eventLoopTurn.ts';
import { workContext } from '../../src/engine/workContext.ts';
import { flow } from '../../src/index.ts';
import { answerOnly, onDisk, resultIn } from './processes.ts';

test('code of a call belongs to its own run, also where many runs go on in the same moment', async () => {
  const runs = Array.from({ length: 10 }, (_, nth) => `r${nth}`);
  const places: string[] = [];
  let isSecond = false;
  const steps = flow('steps', async (ctx) => {
    const last = (async () => {
      await ctx.wait({ name: 'go' });
      return ctx.checkpoint('last', () => workContext()?.run);
    })();
    const first = Promise.all(['a', 'b', 'c'].map((name) => ctx.checkpoint(name, () => workContext()?.run)));
    // In the second process it is held until all that is recorded was told.
    const held = ctx.checkpoint('held', async ({ signal }) => {
      if (isSecond) return workContext()?.run;
      places.push(ctx.executionId);
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    });
    return Promise.all([first, held, last]);
  });
  const open = onDisk();
  {
    await using runtime = await open();
    for (const key of runs) await runtime.start(steps, null, { key });
    while (places.length < runs.length) await new Promise((next) => setTimeout(next, 5));
  }
  isSecond = true;
  await using runtime = await open();
  const handles = await Promise.all(runs.map((key) => runtime.resume(key, steps)));
  for (const key of runs) await answerOnly(runtime, null, key);
  const results = await Promise.all(handles.map(async (handle) => resultIn(await handle.outcome())));
  expect(results).toEqual(runs.map((key) => [[key, key, key], key, key]));
});

test('a call that throws does not keep those of other bodies', () => {
  const turns: (() => void)[] = [];
  const calls = new SharedCalls((run) => turns.push(run));
  const called: string[] = [];
  calls.add(() => called.push('first'));
  calls.add(() => {
    throw new Error('of one body');
  });
  calls.add(() => called.push('other'));
  expect(() => turns.shift()?.()).toThrow('of one body');
  calls.add(() => called.push('later'));
  turns.shift()?.();
  expect(called).toEqual(['first', 'other', 'later']);
  expect(turns).toEqual([]);
});
