/** A map-reduce whose workers fail: items are tried again, and some may be left out. */
import { expect, test } from 'vitest';
import { agent, guarded, guardrails, mapReduce } from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, testRuntime } from 'troupe/testing';

/** A worker that fails for an item as often as its text says: `x3` three times. What it counts lasts as long as the test. */
function worker() {
  const tries = new Map<string, number>();
  const model = scriptedModel(({ messages }) => {
    const item = (messages[0] as { text: string }).text;
    const tried = tries.get(item) ?? 0;
    tries.set(item, tried + 1);
    if (tried < Number(/x(\d+)/.exec(item)?.[1] ?? 0)) return { error: { status: 400, message: `${item} is bad.` } };
    return { text: item.toUpperCase() };
  });
  return agent({ name: 'worker', model, limits: { maxRecoveries: 0 } });
}
const digest = (more: object, map: never = worker() as never) =>
  mapReduce({
    name: 'digest',
    split: (text: string) => text.split(' '),
    map,
    reduce: (all: readonly unknown[]) => all.join(' '),
    concurrency: 3,
    ...more,
  } as never);

async function outcomeOf(subject: ReturnType<typeof digest>, input: string) {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject as never, input as never);
  await runtime.advance('30m');
  return run.outcome();
}
const hundred = Array.from({ length: 100 }, (_, index) => (index === 41 ? 'bad-x99' : `i${index}`)).join(' ');

test('one bad item of a hundred is left out, and the others are done, in the order of their items', async () => {
  const expected = hundred.toUpperCase().replace('BAD-X99 ', '');
  expect(await outcomeOf(digest({ maxFailures: 1 }), hundred)).toMatchObject({ status: 'done', output: expected });
  const safe = guarded(worker(), [guardrails.timeout({ max: '1h' })]);
  expect(await outcomeOf(digest({ maxFailures: 1 }, safe as never), hundred)).toMatchObject({ output: expected });
});

test('more failures than allowed fail the run, with the item and its reason', async () => {
  expect(await outcomeOf(digest({ maxFailures: 1 }), 'a x9 b xx99 c')).toMatchObject({
    status: 'failed',
    failure: { message: expect.stringMatching(/2 of 5 items.*1 may\. Item 4: .*xx99 is bad/) as string },
  });
  expect(await outcomeOf(digest({}), 'a x9 b')).toMatchObject({ status: 'failed' });
});

test('an item whose worker fails twice and then works is done, when it gets two further attempts', async () => {
  expect(await outcomeOf(digest({ retries: 2 }), 'a x2 b yx1 c d')).toMatchObject({
    status: 'done',
    output: 'A X2 B YX1 C D',
  });
  expect(await outcomeOf(digest({ retries: 1 }), 'a x2 b')).toMatchObject({ status: 'failed' });
  expect(await outcomeOf(digest({ retries: 1, maxFailures: 1 }), 'a x2 b x1')).toMatchObject({ output: 'A B X1' });
});

test('all items may fail', async () => {
  expect(await outcomeOf(digest({ maxFailures: 3 }), 'x9 xx9')).toMatchObject({ status: 'done', output: '' });
});

test.each([[{ retries: -1 }], [{ maxFailures: 0.5 }]])('%j is refused', (more) => {
  expect(() => digest(more)).toThrow(/whole number from 0 on/);
});

test('attempts and items that are left out are the same after a crash at any of a sample of points', async () => {
  const bad = agent({
    name: 'worker',
    limits: { maxRecoveries: 0 },
    model: scriptedModel(({ messages }) =>
      JSON.stringify(messages[0]).includes('bad') ? { error: { status: 400 } } : { text: 'ok' },
    ),
  });
  const subject = digest({ retries: 1, maxFailures: 1 }, bad as never);
  expectSurvival(
    await crashEverywhere(() => ({ subject: subject as never, input: 'a bad b c' as never }), { sample: 8 }),
  );
});
