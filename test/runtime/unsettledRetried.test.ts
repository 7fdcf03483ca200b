/** The write of a run that is retried is named as long as nobody knows whether it happened, and not longer. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, mapReduce, tool, TroupeError } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';

/** Two members: one pays in a call that hangs, the other fails meanwhile; both work once it is mended. */
function story(more: object) {
  let isBroken = true;
  const keys: string[] = [];
  const input = z.object({ euros: z.number() });
  const pay = tool({
    name: 'pay',
    description: 'x',
    effect: 'write',
    timeout: '10h',
    input,
    output: z.null(),
    run: (_, { key, signal }) => {
      keys.push(key);
      return isBroken
        ? new Promise<null>((_, stop) => signal.addEventListener('abort', () => stop(new Error('stopped'))))
        : null;
    },
    ...more,
  });
  const look = tool({ name: 'look', description: 'x', input, output: z.null(), run: () => null });
  const worker = (asked: string) =>
    agent({
      name: 'worker',
      tools: [pay, look],
      model: scriptedModel(({ messages }) => {
        const isPaying = JSON.stringify(messages).includes(asked);
        const answers = messages.filter(({ role }) => role === 'assistant').length;
        if (isBroken && !isPaying && answers > 0) throw new TroupeError('auth', 'No API key is set.');
        if (answers > 0) return { text: 'Done.' };
        return { calls: [{ name: isPaying ? 'pay' : 'look', input: { euros: 5 } }] };
      }),
    });
  const subject = (asked = 'Pay now.') =>
    mapReduce({
      name: 'both',
      split: () => ['Pay now.', 'Look.'],
      map: worker(asked),
      reduce: (all) => all.join(),
    });
  return { keys, subject, mend: () => (isBroken = false) };
}
const unsettled = [{ tool: 'pay', input: { euros: 5 } }];

test.each<[string, object, number, object]>([
  ['honours its key', { idempotent: true }, 2, { status: 'done' }],
  ['is looked up and had happened', { reconcile: () => ({ done: true, output: null }) }, 1, { status: 'done' }],
  ['is looked up and had not happened', { reconcile: () => ({ done: false }) }, 2, { status: 'done' }],
])('a write that %s is not named any more once the retry has settled it', async (_, more, calls, end) => {
  const journal = memory();
  const { keys, subject, mend } = story(more);
  const first = await testRuntime({ journal });
  const run = await first.start(subject(), 'Go.', { key: 'k' });
  await first.advance('30m');
  expect(await run.outcome()).toMatchObject({ status: 'failed', unsettled });
  await first[Symbol.asyncDispose]();
  mend();
  await using next = await testRuntime({ journal });
  const retried = await next.retry('k', subject());
  await next.advance('30m');
  const outcome = await retried.outcome();
  expect(outcome).toMatchObject(end);
  expect(keys).toHaveLength(calls);
  expect(new Set(keys).size).toBe(1);
  expect(outcome).not.toHaveProperty('unsettled');
});

test.each([
  ['yes', 1],
  ['no', 2],
] as const)('a person says whether a write had happened: %s; then it is not named any more', async (said, calls) => {
  const journal = memory();
  const { keys, subject, mend } = story({});
  const first = await testRuntime({ journal });
  await first.start(subject(), 'Go.', { key: 'k' });
  await first.advance('30m');
  await first[Symbol.asyncDispose]();
  mend();
  await using next = await testRuntime({ journal });
  const retried = await next.retry('k', subject());
  await next.advance('1m');
  const [ticket] = await next.tickets('k');
  if (!ticket) throw new Error('Nobody is asked.');
  await next.answer(ticket.id, { happened: said === 'yes' }, 'person/ann');
  await next.advance('30m');
  const outcome = await retried.outcome();
  expect(outcome).toMatchObject({ status: 'done' });
  expect(keys).toHaveLength(calls);
  expect(new Set(keys).size).toBe(1);
  expect(outcome).not.toHaveProperty('unsettled');
});

test('a write that the mended definition does not ask for any more stays named', async () => {
  const journal = memory();
  const { keys, subject, mend } = story({ idempotent: true });
  const first = await testRuntime({ journal });
  await first.start(subject(), 'Go.', { key: 'k' });
  await first.advance('30m');
  await first[Symbol.asyncDispose]();
  mend();
  await using next = await testRuntime({ journal });
  // Members of another name: they begin anew, and none of them pays.
  const other = mapReduce({
    name: 'both',
    split: () => ['Look.'],
    map: agent({ name: 'watcher', model: scriptedModel([{ text: 'Nothing to see.' }]) }),
    reduce: (all) => all.join(),
  });
  const retried = await next.retry('k', other);
  await next.advance('30m');
  expect(await retried.outcome()).toMatchObject({ status: 'done', unsettled });
  expect(keys).toHaveLength(1);
});

test('a write that is under way in two lives is named once', async () => {
  const journal = memory();
  const { keys, subject } = story({ idempotent: true });
  for (const life of [1, 2]) {
    await using runtime = await testRuntime({ journal });
    const run = life === 1 ? await runtime.start(subject(), 'Go.', { key: 'k' }) : await runtime.retry('k', subject());
    await runtime.advance('30m');
    expect(await run.outcome()).toMatchObject({ status: 'failed', unsettled });
    expect(keys).toHaveLength(life);
  }
});
