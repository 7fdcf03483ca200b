/** A replay takes the results of another run, and performs anew what is asked for and what follows it. */
import { expect, test } from 'vitest';
import { testRuntime, virtualClock } from 'troupe/testing';
import { troupeClient } from '../../src/client/index.ts';
import { checkpoint, flow, type RunHandle, type Runtime } from '../../src/index.ts';
import { answerOnly, journalOf, onDisk, untilRest } from './processes.ts';

const content = () => {
  const { done, does } = journalOf();
  const subject = flow('content', async (ctx, input) => {
    const topic = (input as { topic: string }).topic;
    const research = await ctx.checkpoint('research', () => `${does('research') && 'notes'} about ${topic}`);
    const draft = await ctx.checkpoint('write_draft', () => `${does('write_draft') && 'Draft'} from ${research}`);
    return ctx.checkpoint('publish', () => `${does('publish') && 'PUBLISHED'}: ${draft}`);
  });
  return { done, subject };
};

const resultOf = async (handle: Awaited<ReturnType<Runtime['replay']>>) => {
  const outcome = await handle.outcome();
  return outcome.status === 'done' ? outcome.output : outcome;
};

test('a replay from a checkpoint reuses what came before, and leaves its source as it was', async () => {
  const { done, subject } = content();
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, { topic: 'tea' });
  const before = await runtime.journal.ledger('r');
  expect(await runtime.plan('r', { from: 'write_draft' })).toMatchObject({
    reused: ['research'],
    rerun: ['write_draft', 'publish'],
  });
  const handle = await runtime.replay('r', subject, { from: 'write_draft', key: 'second' });
  expect(await resultOf(handle)).toBe('PUBLISHED: Draft from notes about tea');
  expect(done).toEqual(['research', 'write_draft', 'publish', 'write_draft', 'publish']);
  expect(await runtime.journal.ledger('r')).toEqual(before);
  expect(await runtime.journal.find({ run: 'second' })).toMatchObject([{ meta: { about: { replayOf: 'r' } } }]);
});

test('an override is given instead of a result, and everything that follows is performed anew', async () => {
  const { done, subject } = content();
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, { topic: 'tea' });
  const handle = await runtime.replay('r', subject, {
    from: 'write_draft',
    overrides: { 'checkpoint.research': 'edited notes' },
  });
  expect(await resultOf(handle)).toBe('PUBLISHED: Draft from edited notes');
  expect(done.filter((each) => each === 'research')).toHaveLength(1);
});

test('the same key is the same replay: one that takes other results, or begins elsewhere, is refused', async () => {
  const { done, subject } = content();
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, { topic: 'tea' });
  const replay = (settings: object) => runtime.replay('r', subject, { from: 'publish', key: 'again', ...settings });
  const first = await resultOf(await replay({}));
  expect(await resultOf(await replay({}))).toBe(first);
  expect(done).toEqual(['research', 'write_draft', 'publish', 'publish']);
  const others = [
    { overrides: { 'checkpoint.write_draft': 'Draft by hand' } },
    { from: 'write_draft' },
    { input: { topic: 'coffee' } },
  ];
  for (const other of others) await expect(replay(other)).rejects.toMatchObject({ kind: 'conflict' });
});

test('a branch that only ran beside is reused; every call that joins a result is performed anew', async () => {
  const { done, does } = journalOf();
  const subject = flow('branches', async (ctx) => {
    const branch = async (name: string) => {
      await ctx.checkpoint(name, () => does(name));
      return ctx.checkpoint(`${name}2`, () => does(`${name}2`));
    };
    const both = await Promise.all([branch('a'), branch('b')]);
    const one = ctx.checkpoint('join', () => does('join'));
    const two = ctx.checkpoint('other', () => does('other'));
    return [both, await one, await two];
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, null);
  const plan = await runtime.plan('r', { from: 'a' });
  expect([...plan.rerun].sort()).toEqual(['a', 'a2', 'join', 'other']);
  expect([...plan.reused].sort()).toEqual(['b', 'b2']);
  done.length = 0;
  await resultOf(await runtime.replay('r', subject, { from: 'a' }));
  expect([...done].sort()).toEqual(['a', 'a2', 'join', 'other']);
});

test('a replay asks its questions anew, unless their answers are given; it survives the process', async () => {
  const { done, does } = journalOf();
  const subject = flow('ask', async (ctx) => {
    const first = await ctx.checkpoint('first', () => does('first'));
    const answer = await ctx.wait({ name: 'ok' });
    const last = await ctx.checkpoint('last', () => does('last'));
    return [first, answer, last];
  });
  const open = onDisk();
  {
    await using runtime = await open();
    await untilRest(runtime, subject, null);
    await answerOnly(runtime, null);
    await untilRest(runtime, subject, null);
    const handle = await runtime.replay('r', subject, { from: 'last', key: 'again' });
    expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
    const given = await runtime.replay('r', subject, { overrides: { 'wait.ok': null }, key: 'given' });
    expect(await resultOf(given)).toEqual(['first', null, 'last']);
  }
  await using runtime = await open();
  await answerOnly(runtime, null, 'again');
  expect(await resultOf(await runtime.resume('again', subject))).toEqual(['first', null, 'last']);
  expect(done).toEqual(['first', 'last', 'last', 'last']);
});

test('in a nested checkpoint, only what follows an overridden result is performed anew', async () => {
  const { done, does } = journalOf();
  const subject = flow('nested', async (ctx) =>
    ctx.checkpoint('scope', { nested: true }, async () => {
      const first = await ctx.checkpoint('first', () => does('first'));
      const second = await ctx.checkpoint('second', () => does('second'));
      return [first, second, await ctx.checkpoint('third', () => does('third'))];
    }),
  );
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, null);
  done.length = 0;
  const edited = await runtime.replay('r', subject, { overrides: { 'checkpoint.second': 'edited' } });
  expect(await resultOf(edited)).toEqual(['first', 'edited', 'third']);
  expect(done).toEqual(['third']);
  expect(await resultOf(await runtime.replay('r', subject, { from: 'scope' }))).toEqual(['first', 'second', 'third']);
  expect(done).toEqual(['third', 'first', 'second', 'third']);
});

test.each([
  [{ from: ' ' }, 'invalid', 'names no call'],
  [{ from: 'nope' }, 'conflict', 'it has "step", "step_2", "end"'],
  [{ from: 'ok' }, 'conflict', 'a replay asks it anew'],
  [{ from: 'step' }, 'conflict', 'ambiguous: 2 calls'],
  [{}, 'invalid', 'needs `from`'],
  [{ from: 'end', skip: ['step'] } as object, 'definition', 'runtime.plan has no option "skip"'],
  [{ from: 'end', overrides: { 'nope.step': 1 } }, 'invalid', 'An override is named'],
  [{ from: 'end', overrides: { 'checkpoint.': 1 } }, 'invalid', 'names no call'],
  [{ overrides: { 'checkpoint.end': 1 } }, 'conflict', 'would change nothing'],
  [{ from: 'end', input: { a: 1 } }, 'invalid', 'Only an input that is an object'],
])('a replay that cannot be is refused with what to do: %j', async (settings, kind, says) => {
  const subject = flow('steps', async (ctx) => {
    await ctx.checkpoint('step', () => 1);
    await ctx.checkpoint('step', () => 2);
    await ctx.wait({ name: 'ok', deadline: '1ms', default: null } as never);
    return ctx.checkpoint('end', () => 3);
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, 'text');
  await expect(runtime.plan('r', settings)).rejects.toMatchObject({
    kind,
    message: expect.stringContaining(says) as string,
  });
});

test('a call id names one of several calls of a name, and a run that goes on is not replayed', async () => {
  const { subject } = content();
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, { topic: 'tea' });
  expect((await runtime.plan('r', { from: 'r/publish' })).rerun).toEqual(['publish']);
  const endless = flow('endless', async (ctx) =>
    ctx.checkpoint('work', ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', no))),
  );
  await runtime.start(endless, null, { key: 'busy' });
  await expect(runtime.plan('busy', { from: 'work' })).rejects.toMatchObject({ kind: 'conflict' });
});

test('the replay of a run that was retried knows only the calls that led to its end', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const subject = flow('order', async (ctx) => {
    const paid = await ctx.checkpoint('pay', () => does('pay'));
    try {
      await ctx.checkpoint('send', () => {
        does('send');
        if (isBroken) throw new Error('no truck');
      });
    } catch (error) {
      await ctx.checkpoint('undo', () => does('undo'));
      throw error;
    }
    return ctx.checkpoint('thank', () => `${does('thank')} for ${paid}`);
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, null);
  expect((await runtime.plan('r', { from: 'send' })).rerun).toEqual(['send', 'undo']);
  isBroken = false;
  await (await runtime.retry('r', subject)).outcome();
  expect(await runtime.plan('r', { from: 'thank' })).toMatchObject({ reused: ['pay', 'send'], rerun: ['thank'] });
  await expect(runtime.plan('r', { from: 'undo' })).rejects.toMatchObject({ kind: 'conflict' });
  const handle = await runtime.replay('r', subject, { from: 'thank' });
  expect(await resultOf(handle)).toBe('thank for pay');
  expect(done).toEqual(['pay', 'send', 'undo', 'send', 'thank', 'thank']);
});

test('a replay from a question is refused, with what can be done instead', async () => {
  const subject = flow('asks', async (ctx) => {
    await ctx.checkpoint('draft', () => 1);
    await ctx.wait({ name: 'a/b' });
    return ctx.checkpoint('last', () => 2);
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, null);
  await answerOnly(runtime, null);
  await (await runtime.start(subject, null, { key: 'r' })).outcome();
  for (const from of ['a/b', 'a_b'])
    await expect(runtime.plan('r', { from })).rejects.toThrow(/asks it anew.*"wait\.a_b".*"draft", "last"/);
});

test('in a replay time is what it was, until something is performed anew: what depends on it is taken as well', async () => {
  const clock = virtualClock();
  const { done, does } = journalOf();
  const fetch = checkpoint('fetch', (day: Date) => does(`fetch of ${day.toISOString().slice(0, 10)}`));
  const report = flow('report', async (ctx) => {
    const text = await ctx.checkpoint(fetch, new Date(ctx.now()));
    const [first, second] = [ctx.now(), await ctx.checkpoint('publish', () => does('publish'))];
    await ctx.sleep('1h');
    return { text, first, took: ctx.now() - first >= 3_600_000, second };
  });
  await using runtime = await onDisk({ clock })();
  const before = await runtime.start(report, null, { key: 'r' });
  await expect.poll(() => before.idle).toBe(true);
  clock.advance(3_600_000);
  const source = await before.outcome();
  clock.advance(30 * 24 * 3_600_000);
  const began = clock.now();
  const handle = await runtime.replay('r', report, { from: 'publish' });
  await expect.poll(() => handle.idle).toBe(true);
  expect(done).toEqual(['fetch of 2023-11-14', 'publish', 'publish']);
  // What is performed anew takes its time.
  clock.advance(3_600_000);
  expect(await handle.outcome()).toEqual(source);
  expect(clock.now()).toBe(began + 3_600_000);
});

test('an override may be a date or a map, in code as it is, and as JSON with tags', async () => {
  const times = flow('times', async (ctx) => {
    const at = await ctx.checkpoint('at', () => new Date(1));
    const counts = await ctx.checkpoint('counts', () => new Map([['a', 1]]));
    return ctx.checkpoint('all', () => `${at instanceof Date && at.getTime()} ${counts.get('b') ?? 'none'}`);
  });
  await using runtime = await testRuntime();
  const ended = async (handle: RunHandle) => (await runtime.settle(), handle.outcome());
  await ended(await runtime.start(times, null, { key: 'r' }));
  const asIs = { 'checkpoint.at': new Date(5), 'checkpoint.counts': new Map([['b', 2]]) };
  expect(await ended(await runtime.replay('r', times, { overrides: asIs }))).toMatchObject({ output: '5 2' });

  const overrides = { 'checkpoint.at': { $: 'date', value: 7 } };
  await using client = await troupeClient({ runtime, definitions: async () => times });
  const { exec_id } = await client.executions.replay('r', { overrides, encoded: true });
  await runtime.settle();
  expect(await client.executions.get(exec_id)).toMatchObject({ result: '7 none' });
  const odd = { 'checkpoint.at': { $: 'moon', value: 7 } };
  await expect(client.executions.plan('r', { overrides: odd, encoded: true })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/"checkpoint.at".*moon/) as string,
  });
  await expect(runtime.plan('r', { overrides: { 'checkpoint.at': () => 1 } })).rejects.toThrow(
    /checkpoint.at.*function/,
  );
});

test('an override is given whatever the body asks with', async () => {
  const { done, does } = journalOf();
  const write = checkpoint('write', (notes: string) => does(`write from ${notes}`));
  const article = flow('article', async (ctx) => {
    const text = await ctx.checkpoint(write, await ctx.checkpoint('research', () => does('research')));
    return ctx.checkpoint('publish', () => does(`publish ${text}`));
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, article, null);
  const handle = await runtime.replay('r', article, {
    overrides: { 'checkpoint.research': 'other notes', 'checkpoint.write': 'by hand' },
  });
  expect(await resultOf(handle)).toBe('publish by hand');
  expect(done).toEqual(['research', 'write from research', 'publish write from research', 'publish by hand']);
});

test('a replay knows which run it replays; chance is the same in both, and each knows its own id everywhere', async () => {
  const about = flow('about', async (ctx) => {
    const inside = await ctx.checkpoint('inside', () => [ctx.executionId, ctx.replayOf ?? 'none']);
    return { inside, id: ctx.executionId, of: ctx.replayOf ?? 'none', chance: [ctx.random(), ctx.uuid()] };
  });
  await using runtime = await onDisk()();
  const source = await (await runtime.start(about, null, { key: 'r' })).result();
  expect(source).toMatchObject({ inside: ['r', 'none'], id: 'r', of: 'none' });
  const replay = await runtime.replay('r', about, { from: 'inside', key: 'again' });
  const { chance } = source as { chance: unknown };
  expect(await replay.result()).toEqual({ inside: ['again', 'r'], id: 'again', of: 'r', chance });
});

test('a run that has diverged is replayed from a call that both versions have, and goes on itself with the code that it was begun with', async () => {
  const { done, does } = journalOf();
  let version = 1;
  const report = flow('report', async (ctx) => {
    const data = await ctx.checkpoint('fetch', () => does('fetch'));
    if (version === 2) await ctx.checkpoint('check', () => does('check'));
    await ctx.checkpoint('write', () => does(`write ${version}`));
    await ctx.wait({ name: 'ok' });
    return `${data} by ${version}`;
  });
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, report, null);
    await answerOnly(first, null).catch(() => {});
  }
  version = 2;
  {
    await using second = await open();
    expect(await untilRest(second, report, null)).toMatchObject({ failure: { kind: 'diverged' } });
    const fork = await second.replay('r', report, { from: 'write', key: 'fork' });
    await fork.outcome({ returnWhenWaiting: true });
    await answerOnly(second, null, 'fork');
    expect(await fork.result()).toBe('fetch by 2');
  }
  version = 1;
  await using third = await open();
  expect(await (await third.retry('r', report)).result()).toBe('fetch by 1');
  expect(done).toEqual(['fetch', 'write 1', 'check', 'write 2']);
});
