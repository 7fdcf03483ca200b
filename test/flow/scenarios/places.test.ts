/** Where a call may be made, and what is refused: each is told with what was expected, before anything is done. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow, openRuntime, run, type FlowContext, type Json } from '../../../src/index.ts';
import { troupeClient } from '../../../src/client/index.ts';
import { callsIn, recordedIn } from './recorded.ts';

const part = checkpoint('part', (n: number) => n);
const failureOf = async (work: () => unknown): Promise<{ kind: string; message: string }> => {
  try {
    await work();
  } catch (thrown) {
    const { kind, message } = thrown as { kind: string; message: string };
    return { kind, message };
  }
  throw new Error('It did not fail.');
};

/** Each call of a context that is not made in a checkpoint. */
const bodyCalls: readonly [name: string, call: (ctx: FlowContext) => unknown][] = [
  ['ctx.checkpoint', (ctx) => ctx.checkpoint('inner', () => 1)],
  ['ctx.submit', (ctx) => ctx.submit(part, 1).result()],
  ['ctx.map', (ctx) => ctx.map(part, [1])],
  [
    'ctx.product',
    (ctx) =>
      ctx.product(
        checkpoint('pair', ({ a }: { a: number }) => a),
        { a: [1] },
      ),
  ],
  ['ctx.wait', (ctx) => ctx.wait({ name: 'ok' })],
  ['ctx.signal', (ctx) => ctx.signal('news')],
  ['ctx.sleep', (ctx) => ctx.sleep('1s')],
];

test.each(bodyCalls)('%s in a checkpoint is refused, and the flow goes on when it catches that', async (_, call) => {
  const inside = flow('inside', async (ctx) => {
    const { kind, message } = await failureOf(() => ctx.checkpoint('outer', () => call(ctx)));
    // The body is where it was before.
    return { kind, message, after: await ctx.checkpoint('after', () => 'goes on') };
  });
  expect(await run(inside, null, { db: 'memory' })).toEqual({
    kind: 'scope',
    message: expect.stringContaining('inside the checkpoint "outer"') as string,
    after: 'goes on',
  });
});

test('facts that are logged after the end of a flow are refused', async () => {
  let kept: FlowContext | undefined;
  await run(
    flow('leaks', async (ctx) => void (kept = ctx)),
    null,
    { db: 'memory' },
  );
  expect(await failureOf(() => kept!.log({ late: true }))).toMatchObject({ kind: 'scope' });
});

test.each<[string, () => unknown]>([
  ['call', () => part.call(undefined as never, 1)],
  ['submit', () => part.submit(null as never, 1)],
  ['map', () => part.map({} as never, [1])],
  ['mapAll', () => part.mapAll(1 as never, [1])],
])('checkpoint.%s outside of a flow is refused', async (_, call) => {
  expect(await failureOf(call)).toEqual({
    kind: 'scope',
    message: expect.stringContaining('The checkpoint "part" was called without the context of a flow') as string,
  });
});

test.each<[string, (ctx: FlowContext, name: string) => unknown]>([
  ['ctx.checkpoint', (ctx, name) => ctx.checkpoint(name, () => 1)],
  ['ctx.wait', (ctx, name) => ctx.wait({ name })],
  ['ctx.signal', (ctx, name) => ctx.signal(name)],
  ['ctx.save', (ctx, name) => ctx.checkpoint('save', () => ctx.save(name, 1))],
  ['an id that is given', (ctx, id) => ctx.checkpoint('work', { id }, () => 1)],
])('%s: a name that no address or line can hold is refused where it is given', async (_, call) => {
  const names = flow('names', async (ctx) =>
    Promise.all(['.', '..', 'a\tb'].map((name) => failureOf(() => call(ctx, name)))),
  );
  const says = { message: expect.stringContaining('cannot have the name') as string };
  expect(await run(names, null, { db: 'memory' })).toEqual(
    [1, 2, 3].map(() => expect.objectContaining(says) as object),
  );
});

test('a default that no answer could be is refused where the question is asked', async () => {
  const asks = flow('asks', async (ctx) =>
    failureOf(() => ctx.wait({ name: 'n', schema: z.number().min(3), deadline: '1h', default: 2 })),
  );
  expect(await run(asks, null, { db: 'memory' })).toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('The default of "n" must fit') as string,
  });
});

test.each<[string, object, string]>([
  ['facts that are no JSON', { metadata: { big: 1n } }, 'metadata of "n" must be an object of JSON'],
  ['a question that is no text', { question: 5 }, 'question of "n" must be a text'],
  ['no options', 5 as never, 'ctx.wait takes an object'],
])('a question with %s is refused where it is asked', async (_, options, says) => {
  const asks = flow('asks', async (ctx) =>
    failureOf(() => ctx.wait(typeof options === 'object' ? { name: 'n', ...options } : options)),
  );
  expect(await run(asks, null, { db: 'memory' })).toMatchObject({
    kind: 'definition',
    message: expect.stringContaining(says) as string,
  });
});

test.each(bodyCalls)('%s of a flow that has ended is refused', async (_, call) => {
  let kept: FlowContext | undefined;
  const leaks = flow('leaks', async (ctx) => {
    kept = ctx;
    return 'ended';
  });
  expect(await run(leaks, null, { db: 'memory' })).toBe('ended');
  expect(await failureOf(() => call(kept!))).toMatchObject({ kind: 'scope' });
});

const checkpointCalls: readonly [name: string, call: (ctx: FlowContext) => unknown][] = [
  ['ctx.save', (ctx) => ctx.save('notes', 'a')],
  ['ctx.load', (ctx) => ctx.load('other', 'notes')],
  ['ctx.secret', (ctx) => ctx.secret('key')],
];

test.each(checkpointCalls)('%s in the body of a flow is refused, since the body is run again', async (_, call) => {
  const outside = flow('outside', async (ctx) => failureOf(() => call(ctx)));
  expect(await run(outside, null, { db: 'memory' })).toEqual({
    kind: 'scope',
    message: expect.stringContaining('outside of a checkpoint') as string,
  });
});

test('a call of another flow’s context inside a checkpoint does not become part of it', async () => {
  const inner = flow('inner', async (ctx) => ctx.checkpoint('own', ({ key }) => key));
  const outer = flow('outer', async (ctx) => ctx.checkpoint('starts', async () => run(inner, null, { db: 'memory' })));
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(outer, null, { key: 'o' });
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: expect.stringMatching(/\/own$/) as string });
  expect(Object.keys(await callsIn(runtime, 'o'))).toEqual(['starts']);
});

test('an artifact of an unknown type is refused, and nothing is saved', async () => {
  const saves = flow('saves', async (ctx) =>
    failureOf(() => ctx.checkpoint('save', () => ctx.save('notes', 'a', { type: 'picture' as 'blob' }))),
  );
  await using runtime = await openRuntime({ db: 'memory' });
  const outcome = await (await runtime.start(saves, null, { key: 's' })).outcome();
  expect(outcome).toMatchObject({ status: 'done', output: { kind: 'invalid' } });
  expect(await recordedIn(runtime, 's', 'artifact')).toEqual([]);
});

test.each<[string, () => unknown, string]>([
  ['a negative number of retries', () => checkpoint('a', { retries: -1 }, () => 1), 'whole number >= 0; got number -1'],
  ['the same in a policy', () => checkpoint('a', { retries: { times: -1 } }, () => 1), 'whole number >= 0'],
  ['the same of a flow', () => flow('a', { retries: -1 }, async () => 1), 'whole number >= 0'],
  ['a policy with an unknown option', () => checkpoint('a', { retries: { tries: 3 } as object }, () => 1), 'tries'],
  ['retries of null', () => checkpoint('a', { retries: null as never }, () => 1), 'whole number >= 0; got null'],
  ['a first pause that is none', () => flow('a', { retries: { backoff: 'no' as '1s' } }, async () => 1), 'got "no"'],
  ['a longest pause that is none', () => checkpoint('a', { retries: { longest: 0 } }, () => 1), 'got 0'],
  ['a condition that is none', () => checkpoint('a', { retries: { on: true as never } }, () => 1), 'a function'],
  ['an unknown option of a cache', () => checkpoint('a', { cache: { age: '1h' } as object }, () => 1), 'age'],
  ['an age that is none', () => checkpoint('a', { cache: { maxAge: -1 } }, () => 1), 'got -1'],
  ['an unknown runtime', () => checkpoint('a', { runtime: 'foo' as 'inline' }, () => 1), 'inline, isolated'],
  ['an unknown effect', () => checkpoint('a', { effect: 'read' as 'write' }, () => 1), 'repeat, write'],
  ['an unknown option', () => checkpoint('a', { retry: 1 } as object, () => 1), 'retry'],
  ['an empty name', () => checkpoint(' ', () => 1), 'needs a name'],
  ['a name of 201 characters', () => checkpoint('x'.repeat(201), () => 1), 'needs a name of at most 200 characters'],
  ...['.', '..', 'a\nb', 'a\u0000', '\ud800'].map((name): [string, () => unknown, string] => [
    `the name ${JSON.stringify(name)}`,
    () => checkpoint(name, () => 1),
    'cannot have the name',
  ]),
  ['no function', () => checkpoint('a', undefined as never), 'needs a function'],
  ['a deadline that is no duration', () => flow('a', { deadline: 'soon' as '1s' }, async () => 1), 'got "soon"'],
  ['a concurrency of zero', () => flow('a', { concurrency: 0 }, async () => 1), 'whole number >= 1'],
])('%s is refused when the definition is made', async (_, make, says) => {
  expect(await failureOf(make)).toEqual({ kind: 'definition', message: expect.stringContaining(says) as string });
});

test('what a checkpoint is, for people, is kept with its call: any word', async () => {
  const typed = flow('typed', async (ctx) => {
    await ctx.checkpoint('ask', { type: 'llm_call' }, () => 1);
    await ctx.checkpoint('look', { type: 'our own' }, () => 1);
    await ctx.checkpoint('plain', () => 1);
  });
  await using runtime = await openRuntime({ db: 'memory' });
  await (await runtime.start(typed, null, { key: 't' })).outcome();
  const calls = await callsIn(runtime, 't');
  expect(Object.values(calls).map(({ type }): Json => type ?? null)).toEqual(['llm_call', 'our own', null]);
});

test('isolated checkpoints of a list work side by side, and give their results in the order of the list', async () => {
  let atWork = 0;
  let most = 0;
  const shout = checkpoint('shout', { runtime: 'isolated' }, async (name: string) => {
    most = Math.max(most, ++atWork);
    // The first one ends last.
    for (let turn = 0; turn < 10 - name.length; turn++) await Promise.resolve();
    atWork--;
    return `[processed] ${name.toUpperCase()}`;
  });
  const all = flow('all', async (ctx) => shout.map(ctx, ['bob', 'alice', 'charlie']));
  expect(await run(all, null, { db: 'memory' })).toEqual([
    '[processed] BOB',
    '[processed] ALICE',
    '[processed] CHARLIE',
  ]);
  expect(most).toBe(3);
});

test('an id that is given to two calls is refused, and the flow may go on with the first', async () => {
  const twice = flow('twice', async (ctx) => {
    const first = await ctx.checkpoint('a', { id: 'mine' }, () => 1);
    return [first, await failureOf(() => ctx.checkpoint('b', { id: 'mine' }, () => 2))];
  });
  expect(await run(twice, null, { db: 'memory' })).toEqual([
    1,
    { kind: 'invalid', message: expect.stringContaining('Two calls of this run have the id "mine"') as string },
  ]);
});

test('the name of a flow becomes an id, or is refused with what an id is', async () => {
  expect(flow('Greet a Guest', async () => 1).name).toBe('greet-a-guest');
  expect(await failureOf(() => flow('日本', async () => 1))).toMatchObject({
    message: expect.stringContaining('Names become ids of a-z, 0-9') as string,
  });
});

test('a result that cannot be stored is told by its checkpoint and place, is a failure of the runtime, and is not tried again', async () => {
  let attempts = 0;
  const unstorable = flow('unstorable', { retries: 3 }, async (ctx) =>
    ctx.checkpoint('connect', () => ({ attempt: ++attempts, pool: [{ end: () => {} }] })),
  );
  await using runtime = await openRuntime({ db: 'memory' });
  await (await runtime.start(unstorable, null, { key: 'r' })).outcome();
  await using client = await troupeClient({ runtime });
  expect((await client.executions.get('r')).failure).toMatchObject({
    origin: 'runtime',
    message: expect.stringContaining(
      'The result of the checkpoint "connect" cannot be stored: at "pool[0].end" it is a function',
    ) as string,
  });
  expect(attempts).toBe(1);
});
