/** A map-reduce whose worker is a plain function. */
import { describe, expect, test } from 'vitest';
import { mapReduce, TroupeError, type ItemScope, type Runnable } from 'troupe';
import { crashEverywhere, expectSurvival, testRuntime } from 'troupe/testing';
import { virtualClock } from '../../../src/testing/clock.ts';
import { sleep } from '../../../src/values/clock.ts';
import { journals, type JournalKind } from '../../engine/journals.ts';
import { replyingAgent } from './participants.ts';

/** Notes every call, and does as told by `act`. */
function world(act: (item: string, scope: ItemScope) => unknown = (item) => item.toUpperCase()) {
  const calls: { item: string; key: string; again: boolean }[] = [];
  const width = { now: 0, most: 0 };
  const map = async (item: string, scope: ItemScope): Promise<unknown> => {
    calls.push({ item, key: scope.key, again: scope.again });
    width.most = Math.max(width.most, ++width.now);
    try {
      return await act(item, scope);
    } finally {
      width.now--;
    }
  };
  return { calls, width, map, items: () => calls.map(({ item }) => item) };
}
const shout = (map: ReturnType<typeof world>['map'], more: object = {}) =>
  mapReduce({
    name: 'shout',
    split: (text) => text.split(' '),
    map,
    reduce: (all) => all.join(' '),
    concurrency: 2,
    ...more,
  });
const outcomeOf = async (subject: Runnable, input: unknown) => {
  await using runtime = await testRuntime();
  const outcome = (await runtime.start(subject as never, input as never)).outcome();
  await runtime.advance('2h');
  return outcome;
};
const broken = (retryable: boolean) => (item: string) => {
  if (item.includes('bad'))
    throw new TroupeError(retryable ? 'transient' : 'environment', `${item} is broken.`, { retryable });
  return item.toUpperCase();
};
/** Never answers, and does not hear that it should stop. */
const deaf = () => new Promise(() => {});
/** Ends when it is told to stop. */
const stopping = ({ signal }: ItemScope) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Stopped.')), { once: true });
  });

test('a function works on items of any type, so many at once, and its results are in their order', async () => {
  const { width, map } = world(async (item, { clock }) => {
    await sleep(clock, 1_000 / item.length);
    return item;
  });
  const counted = mapReduce({
    name: 'counted',
    split: (text) => text.split(' ').map((word, at) => ({ word, at: BigInt(at) })),
    map: async ({ word, at }, scope) => ({ word: await map(word, scope), at: Number(at), index: scope.index }),
    reduce: (all, text) => ({ all, text }),
    concurrency: 3,
  });
  expect(await outcomeOf(counted, 'a bbbb cc d eee')).toMatchObject({
    status: 'done',
    output: {
      text: 'a bbbb cc d eee',
      all: ['a', 'bbbb', 'cc', 'd', 'eee'].map((word, index) => ({ word, at: index, index })),
    },
  });
  expect(width.most).toBe(3);
});

test('a member can make one answer of the results', async () => {
  const subject = mapReduce({
    name: 'digest',
    split: (text) => text.split(' '),
    map: (word) => word.length,
    reduce: replyingAgent('writer'),
  });
  expect(await outcomeOf(subject, 'a bb')).toMatchObject({ status: 'done', output: '1. 1\n\n2. 2>writer' });
});

test('ten thousand items are a few writes', async () => {
  const journal = await journals.memory();
  let writes = 0;
  const { record, commit, commitAll } = journal;
  const counted =
    <A extends unknown[]>(write: (...args: A) => Promise<void>) =>
    async (...args: A) => {
      writes++;
      await write(...args);
    };
  await using runtime = await testRuntime({
    journal: { ...journal, record: counted(record), commit: counted(commit), commitAll: counted(commitAll!) },
  });
  const many = mapReduce({
    name: 'many',
    split: (count) => Array.from({ length: Number(count) }, (_, item) => item),
    map: (item) => item * 2,
    reduce: (all) => all.reduce((sum, each) => sum + each, 0),
    concurrency: 100,
  });
  const run = await runtime.start(many, '10000');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 99_990_000 });
  expect(writes).toBeLessThan(1_000);
});

describe.each(Object.keys(journals) as JournalKind[])('with the journal %s', (kind) => {
  test('what was done before its process stopped is not done again, and the rest goes on under its keys', async () => {
    const clock = virtualClock({ seed: 1 });
    await using journal = await journals[kind](clock);
    const here = world((item, scope) => (item === 'c' && !scope.again ? stopping(scope) : item.toUpperCase()));
    {
      await using runtime = await testRuntime({ journal });
      await runtime.start(shout(here.map), 'a b c d e', { key: 'k' });
      await runtime.settle();
    }
    const before = here.calls.length;
    expect(here.items()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await using next = await testRuntime({ journal });
    const run = await next.resume('k', shout(here.map));
    expect(await run.outcome()).toMatchObject({ status: 'done', output: 'A B C D E' });
    const first = here.calls.find(({ item }) => item === 'c');
    expect(here.calls.slice(before)).toEqual([{ item: 'c', key: first?.key, again: true }]);
    expect(new Set(here.calls.map(({ key }) => key)).size).toBe(5);
  });

  test('a retry of a failed run works only on what had failed, under the same key', async () => {
    const clock = virtualClock({ seed: 1 });
    await using journal = await journals[kind](clock);
    let isMended = false;
    const here = world((item) => (isMended ? item.toUpperCase() : broken(false)(item)));
    for (const attempt of ['start', 'retry', 'retry'] as const) {
      await using runtime = await testRuntime({ journal });
      const subject = shout(here.map, { concurrency: 1 });
      const run =
        attempt === 'retry' ? await runtime.retry('k', subject) : await runtime.start(subject, 'a b bad', { key: 'k' });
      expect(await run.outcome()).toMatchObject(
        isMended ? { status: 'done', output: 'A B BAD' } : { status: 'failed' },
      );
      isMended = here.calls.length === 4;
    }
    expect(here.items()).toEqual(['a', 'b', 'bad', 'bad', 'bad']);
    expect(new Set(here.calls.map(({ key }) => key)).size).toBe(3);
  });

  test('a write that cannot be repeated and was under way when its process stopped is uncertain, and is not repeated', async () => {
    const clock = virtualClock({ seed: 1 });
    await using journal = await journals[kind](clock);
    const here = world((item) => (item === 'b' ? deaf() : item.toUpperCase()));
    const subject = (more: object) => shout(here.map, { effect: 'write', concurrency: 2, ...more });
    for (const key of ['strict', 'lenient']) {
      await using runtime = await testRuntime({ journal });
      await runtime.start(subject(key === 'lenient' ? { maxFailures: 1 } : {}), 'a b c', { key });
      await runtime.settle();
    }
    expect(here.items()).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    await using next = await testRuntime({ journal });
    expect(await (await next.resume('strict', subject({}))).outcome()).toMatchObject({
      status: 'failed',
      failure: { kind: 'uncertain', message: expect.stringContaining('Item 2') as string },
    });
    const lenient = await next.resume('lenient', subject({ maxFailures: 1 }));
    expect(await lenient.outcome()).toMatchObject({ status: 'done', output: 'A C' });
    expect(here.calls).toHaveLength(6);
  });
});

test.each([
  ['read', {}],
  ['a write that honours its key', { effect: 'write', idempotent: true }],
  ['a write that cannot be repeated', { effect: 'write' }],
])('%s: nothing is lost, and no write happens twice, after a crash at any point', async (_, more) => {
  const worlds: Map<string, number>[] = [];
  const report = await crashEverywhere(() => {
    const done = new Map<string, number>();
    worlds.push(done);
    const here = world((item, { key }) => {
      done.set(key, (done.get(key) ?? 0) + 1);
      return item.toUpperCase();
    });
    return { subject: shout(here.map, more), input: 'a b c d', world: () => [...done.keys()].sort() };
  });
  expectSurvival(report);
  expect(report.points).toBeGreaterThan(3);
  const most = Math.max(...worlds.flatMap((done) => [...done.values()]));
  expect(most).toBe('effect' in more && !('idempotent' in more) ? 1 : 2);
});

test('an item that fails is tried again as often as told, and may then be left out', async () => {
  const flaky = world((item) => {
    const tries = flaky.items().filter((each) => each === item).length;
    return broken(true)(tries > 2 ? item.replace('bad', 'good') : item);
  });
  expect(await outcomeOf(shout(flaky.map, { retries: 2 }), 'a bad')).toMatchObject({ output: 'A GOOD' });
  expect(flaky.calls.map(({ again }) => again)).toEqual([false, false, true, true]);
  expect(new Set(flaky.calls.map(({ key }) => key)).size).toBe(2);

  const here = world(broken(false));
  expect(await outcomeOf(shout(here.map, { retries: 1, maxFailures: 1 }), 'a bad c')).toMatchObject({ output: 'A C' });
  expect(await outcomeOf(shout(here.map, { maxFailures: 1 }), 'a bad c bad2')).toMatchObject({
    status: 'failed',
    failure: {
      kind: 'environment',
      message: expect.stringMatching(/2 of 4 items .* and 1 may\. Item 4: bad2 is broken/) as string,
    },
  });
});

test('a write that cannot be repeated is tried once, and is uncertain where it may have happened', async () => {
  const here = world(broken(true));
  expect(await outcomeOf(shout(here.map, { effect: 'write', retries: 3 }), 'a bad')).toMatchObject({
    status: 'failed',
    failure: { kind: 'uncertain' },
  });
  expect(here.items()).toEqual(['a', 'bad']);
});

test('no item begins while the run is paused, and none that was done is done again', async () => {
  const here = world((item, scope) => (item === 'b' && !scope.again ? stopping(scope) : item.toUpperCase()));
  await using runtime = await testRuntime();
  const run = await runtime.start(shout(here.map, { concurrency: 1 }), 'a b c');
  await runtime.settle();
  await runtime.signal(run.root, { type: 'run.pause' });
  await runtime.settle();
  expect(here.items()).toEqual(['a', 'b']);
  await runtime.signal(run.root, { type: 'run.resume' });
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'A B C' });
  expect(here.items()).toEqual(['a', 'b', 'b', 'c']);
  expect(here.calls[2]).toEqual({ ...here.calls[1], again: true });
});

test('a write that cannot be repeated ends before the run goes on from a pause', async () => {
  let finish = () => {};
  const here = world((item) =>
    item === 'b' ? new Promise((resolve) => (finish = () => resolve('B'))) : item.toUpperCase(),
  );
  await using runtime = await testRuntime();
  const run = await runtime.start(shout(here.map, { effect: 'write', concurrency: 1 }), 'a b c');
  await runtime.settle();
  for (const type of ['run.pause', 'run.resume']) await runtime.signal(run.root, { type });
  await runtime.settle();
  expect(here.items()).toEqual(['a', 'b']);
  finish();
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'A B C' });
  expect(here.items()).toEqual(['a', 'b', 'c']);
});

test('a cancelled run stops its items, and begins no other', async () => {
  const here = world((_, scope) => stopping(scope));
  await using runtime = await testRuntime();
  const run = await runtime.start(shout(here.map), 'a b c');
  await runtime.settle();
  await runtime.signal(run.root, { type: 'run.cancel', reason: 'enough' });
  expect(await run.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
  await runtime.settle();
  expect([here.items(), here.width.now]).toEqual([['a', 'b'], 0]);
});

test('a run that is cancelled while it is paused begins no other item', async () => {
  const here = world((_, scope) => stopping(scope));
  await using runtime = await testRuntime();
  const run = await runtime.start(shout(here.map), 'a b c');
  await runtime.settle();
  await runtime.signal(run.root, { type: 'run.pause' });
  await runtime.signal(run.root, { type: 'run.cancel', reason: 'enough' });
  expect(await run.outcome()).toMatchObject({ status: 'cancelled' });
  expect(here.items()).toEqual(['a', 'b']);
});

test('a retry that was paused keeps what earlier lives had done', async () => {
  const journal = await journals.memory();
  let isMended = false;
  const here = world((item, scope) =>
    item !== 'bad'
      ? item
      : isMended
        ? stopping(scope).catch(() => Promise.reject(scope.signal.reason))
        : broken(false)(item),
  );
  const subject = shout(here.map, { concurrency: 1 });
  {
    await using runtime = await testRuntime({ journal });
    await (await runtime.start(subject, 'a b bad', { key: 'k' })).outcome();
  }
  isMended = true;
  await using runtime = await testRuntime({ journal });
  const run = await runtime.retry('k', subject);
  await runtime.settle();
  await runtime.signal(run.root, { type: 'run.pause' });
  await runtime.settle();
  await runtime.signal(run.root, { type: 'run.resume' });
  await runtime.settle();
  expect(here.items()).toEqual(['a', 'b', 'bad', 'bad', 'bad']);
  expect(new Set(here.calls.map(({ key }) => key)).size).toBe(3);
});

test('a process that has lost its run stores no checkpoint', async () => {
  const journal = await journals.memory();
  const ends: (() => void)[] = [];
  const here = world((item) =>
    ends.length < 2 ? new Promise((resolve) => ends.push(() => resolve(`late ${item}`))) : item.toUpperCase(),
  );
  const lost = await testRuntime({ journal });
  await lost.start(shout(here.map), 'a b', { key: 'k' });
  await lost.settle();
  await lost[Symbol.asyncDispose]();
  await using next = await testRuntime({ journal });
  const resumed = next.resume('k', shout(here.map));
  ends.forEach((end) => end());
  expect(await (await resumed).outcome()).toMatchObject({ status: 'done', output: 'A B' });
  const stored = await journal.ledger('k');
  expect(JSON.stringify(stored)).not.toContain('late');
});

test('a run whose deadline passes begins no further item', async () => {
  const here = world(async (item, { clock }) => {
    await sleep(clock, 10 * 60_000);
    return item;
  });
  expect(await outcomeOf(shout(here.map, { deadline: '15m' }), 'a b c d e f')).toMatchObject({
    status: 'failed',
    failure: { kind: 'budget' },
  });
  expect(here.items()).toEqual(['a', 'b', 'c', 'd']);
});

test('a function that throws where nothing can catch it, or gives what is no JSON, fails its run and not the process', async () => {
  expect(await outcomeOf(shout(world(() => 10n).map), 'a')).toMatchObject({
    status: 'failed',
    failure: { kind: 'tool', message: expect.stringContaining('must be JSON') as string },
  });
  const failing = shout(async () => {
    throw null;
  });
  expect(await outcomeOf(failing, 'a')).toMatchObject({ status: 'failed' });
});

test.each([
  [{ effect: 'writes' }, /effect of map-reduce "shout" is pure, read or write; got/],
  [{ concurrency: 0 }, /concurrency/],
  [{ retries: -1 }, /whole number from 0 on/],
  [{ idempotant: true }, /idempotant/],
])('%j is refused', (more, message) => {
  expect(() => shout(world().map, more)).toThrow(message);
});

test.each([
  ['an item', { map: () => 1n }],
  ['an item with a date', { map: () => ({ at: new Date(0) }) }],
  ['all results', { reduce: () => ({ sum: 1n }) }],
  ['all results, in a map', { reduce: () => new Map([['sum', 1]]) }],
])('what a function makes of %s must be JSON', async (_, functions) => {
  const { map } = world();
  expect(await outcomeOf(shout(map, { ...functions, retries: 0 }), 'a b')).toMatchObject({
    status: 'failed',
    failure: { kind: 'tool', message: expect.stringContaining('must be JSON, which the ledger can keep') as string },
  });
});
