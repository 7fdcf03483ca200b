/** An answer that fits the JSON Schema and not the whole schema: the question is asked again, and says why. */
import * as z from 'zod';
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { flow, type Runtime } from '../../src/index.ts';
import { onDisk, untilRest } from './processes.ts';

const even = z.number().refine((n) => n % 2 === 0, 'must be even');
const ask = flow('ask', async (ctx) => ctx.wait({ name: 'number', schema: even, question: 'Which one?' }));

async function answerWith(runtime: Pick<Runtime, 'tickets' | 'answer'>, value: number): Promise<void> {
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, value);
}

test('an answer that a refinement refuses leaves the question open, with the reason', async () => {
  const open = onDisk();
  await using runtime = await open();
  await untilRest(runtime, ask, null);
  for (const wrong of [3, 5]) {
    await answerWith(runtime, wrong);
    const asked = await untilRest(runtime, ask, null);
    expect(asked).toMatchObject({ status: 'waiting', tickets: [{ name: 'number' }] });
    expect(asked.status === 'waiting' && asked.tickets[0]?.question).toMatch(/^Which one\?.*must be even/s);
  }
  await answerWith(runtime, 4);
  expect(await untilRest(runtime, ask, null)).toMatchObject({ status: 'done', output: 4 });
});

test('also when it was given while no process ran the flow, and when the process ends before the next answer', async () => {
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, ask, null);
  }
  for (const wrong of [3, 5]) {
    {
      await using person = await open();
      await answerWith(person, wrong);
    }
    await using next = await open();
    expect(await untilRest(next, ask, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'number' }] });
    expect(await next.tickets('r')).toHaveLength(1);
  }
  {
    await using person = await open();
    await answerWith(person, 4);
  }
  await using last = await open();
  expect(await untilRest(last, ask, null)).toMatchObject({ status: 'done', output: 4 });
});

test('a refused answer does not put the deadline off, also when the process ended meanwhile', async () => {
  const late = flow('late', async (ctx) => ctx.wait({ name: 'number', schema: even, deadline: '1h', default: 2 }));
  await using runtime = await testRuntime();
  const first = await runtime.start(late, null, { key: 'r' });
  await runtime.settle();
  await first.park();
  for (const wrong of [3, 5]) {
    await runtime.advance('25m');
    await answerWith(runtime, wrong);
    const handle = await runtime.resume('r', late);
    await runtime.settle();
    await handle.park();
  }
  const handle = await runtime.resume('r', late);
  await runtime.advance('9m');
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await runtime.advance('1m');
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'done', output: 2 });
});
