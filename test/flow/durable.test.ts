/** What a user of flows relies on: each checkpoint is performed once, whatever process runs the body, and the body is told the same each time. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow, run, type RunOutcome } from '../../src/index.ts';
import { answerOnly, journalOf, onDisk, untilRest } from './processes.ts';

const outputOf = (outcome: RunOutcome): unknown => {
  if (outcome.status !== 'done') throw new Error(`It is ${JSON.stringify(outcome)}.`);
  return outcome.output;
};

test('a flow gives what its body returns, of any kind of value', async () => {
  const compose = flow('compose', { input: z.object({ who: z.string() }) }, async (ctx, { who }) => {
    const draft = await ctx.checkpoint('draft', () => `Hello ${who}`);
    const [one, two] = await Promise.all([ctx.checkpoint('one', () => 1), ctx.checkpoint('two', async () => 2n)]);
    const tags = await ctx.checkpoint('tags', () => new Map([['a', new Date(5)]]));
    return { draft, one, two, tags, nothing: undefined };
  });
  expect(await run(compose, { who: 'ada' }, { db: 'memory' })).toEqual({
    draft: 'Hello ada',
    one: 1,
    two: 2n,
    tags: new Map([['a', new Date(5)]]),
    nothing: undefined,
  });
});

test('the handle of a run gives its result with all kinds of values, also in a later process, or says why there is none', async () => {
  const kinds = flow('kinds', async (ctx) => ({
    at: await ctx.checkpoint('at', () => new Date(5)),
    ...(await ctx.checkpoint('more', () => ({ big: 2n, bytes: Uint8Array.of(1), nothing: undefined }))),
  }));
  const value = { at: new Date(5), big: 2n, bytes: Uint8Array.of(1), nothing: undefined };
  const broken = flow('broken', () => {
    throw new RangeError('too far');
  });
  const open = onDisk();
  {
    await using first = await open();
    expect(await (await first.start(kinds, null, { key: 'r' })).result()).toEqual(value);
    await expect((await first.start(broken, null, { key: 'b' })).result()).rejects.toMatchObject({
      kind: 'code',
      message: 'too far',
    });
  }
  await using second = await open();
  expect(await (await second.start(kinds, null, { key: 'r' })).result()).toEqual(value);
  expect(await (await second.replay('r', kinds, { from: 'more' })).result()).toEqual(value);
  await expect((await second.start(broken, null, { key: 'b' })).result()).rejects.toMatchObject({ kind: 'code' });
});

test('a process that ends while a flow waits is followed by another one, which performs nothing again', async () => {
  const { done, does } = journalOf();
  const publish = flow('publish', async (ctx) => {
    const draft = await ctx.checkpoint('draft', () => does('draft'));
    const { ok } = await ctx.wait({ name: 'ok', schema: z.object({ ok: z.boolean() }), question: 'Publish?' });
    return ok ? ctx.checkpoint('publish', () => does(`published ${draft}`)) : 'no';
  });
  const open = onDisk();
  {
    await using first = await open();
    expect(await untilRest(first, publish, null)).toMatchObject({
      status: 'waiting',
      tickets: [{ name: 'ok', question: 'Publish?', schema: { required: ['ok'] } }],
    });
  }
  {
    // Nobody runs the flow while this one answers.
    await using person = await open();
    await expect(answerOnly(person, { ok: 'yes' })).rejects.toMatchObject({ kind: 'invalid' });
    await answerOnly(person, { ok: true });
  }
  await using second = await open();
  expect(outputOf(await untilRest(second, publish, null))).toBe('published draft');
  expect(done).toEqual(['draft', 'published draft']);
});

test('a flow that failed is retried from the checkpoint that failed, with the code of today', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const build = flow('build', async (ctx) => {
    const parts = await Promise.all(['a', 'b'].map((part) => ctx.checkpoint(`make ${part}`, () => does(part))));
    const failed = await ctx
      .checkpoint('optional', () => {
        does('optional');
        throw new TypeError('not today');
      })
      .catch((error: Error) => error.message);
    await ctx.checkpoint('assemble', () => {
      does('assemble');
      if (isBroken) throw new Error('no screws');
    });
    return [...parts, failed];
  });
  const open = onDisk();
  {
    await using first = await open();
    expect(await untilRest(first, build, null)).toMatchObject({
      status: 'failed',
      failure: { kind: 'code', message: 'no screws', data: { error: 'Error' } },
    });
  }
  isBroken = false;
  await using second = await open();
  const again = await second.retry('r', build);
  // The failure that the body had gone on from is kept.
  expect(outputOf(await again.outcome())).toEqual(['a', 'b', 'not today']);
  expect(done).toEqual(['a', 'b', 'optional', 'assemble', 'assemble']);
});

test.each([
  ['inserted', ['a', 'x', 'b'], 'call 2 is checkpoint "x", and was checkpoint "b"'],
  ['removed', ['b'], 'call 1 is checkpoint "b", and was checkpoint "a"'],
  ['reordered', ['b', 'a'], 'call 1 is checkpoint "b", and was checkpoint "a"'],
  ['left out at the end', ['a'], 'it ended without checkpoint "b"'],
])('a body in which a call was %s stops with both sequences, and does nothing', async (_, now, says) => {
  const { done, does } = journalOf();
  let names = ['a', 'b'];
  let waits = true;
  const steps = flow('steps', async (ctx) => {
    for (const name of names) await ctx.checkpoint(name, () => does(name));
    if (waits) await ctx.wait({ name: 'go' });
    return 'done';
  });
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, steps, null);
    await answerOnly(first, null).catch(() => {});
  }
  names = now;
  waits = false;
  await using second = await open();
  const outcome = await untilRest(second, steps, null);
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'diverged' } });
  const { message } = (outcome as Extract<RunOutcome, { status: 'failed' }>).failure;
  expect(message).toContain(says);
  expect(message).toContain('Recorded: checkpoint "a", checkpoint "b"');
  expect(done).toEqual(['a', 'b']);
});

test('branches that end in another order are told their results in the order of the first time', async () => {
  const order: string[] = [];
  const slow: (() => void)[] = [];
  const race = flow('race', async (ctx) => {
    const seen: string[] = [];
    const branch = async (name: string, work: () => Promise<void>) => {
      await ctx.checkpoint(name, work);
      seen.push(name);
      await ctx.checkpoint('store', () => order.push(name));
    };
    await Promise.all([
      branch('late', () => new Promise<void>((resolve) => void slow.push(resolve))),
      branch('early', async () => {}),
    ]);
    const released = await ctx.wait({ name: 'go' });
    return { seen, released };
  });
  const open = onDisk();
  {
    await using first = await open();
    const running = untilRest(first, race, null);
    while (order.length === 0) await new Promise((next) => setTimeout(next, 5));
    slow[0]!();
    await running;
    await answerOnly(first, null);
  }
  await using second = await open();
  expect(outputOf(await untilRest(second, race, null))).toEqual({ seen: ['early', 'late'], released: null });
  expect(order).toEqual(['early', 'late']);
});

test('attempts are counted over processes, and each has the same key', async () => {
  const keys: string[] = [];
  const attempts: number[] = [];
  const flaky = flow('flaky', async (ctx) =>
    ctx.checkpoint('call', { retries: { times: 2, backoff: '1ms' } }, ({ key, attempt }) => {
      keys.push(key);
      attempts.push(attempt);
      if (attempt < 3) throw new Error('busy');
      return 'ok';
    }),
  );
  await using runtime = await onDisk()();
  expect(outputOf(await untilRest(runtime, flaky, null))).toBe('ok');
  expect({ keys, attempts }).toEqual({ keys: ['r/call', 'r/call', 'r/call'], attempts: [1, 2, 3] });
});

test('a checkpoint that takes too long is told to stop and fails', async () => {
  let isStopped = false;
  const hang = flow('hang', async (ctx) =>
    ctx.checkpoint('hang', { timeout: '20ms' }, ({ signal }) => {
      signal.addEventListener('abort', () => (isStopped = true));
      return new Promise<never>(() => {});
    }),
  );
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, hang, null)).toMatchObject({ status: 'failed', failure: { kind: 'timeout' } });
  expect(isStopped).toBe(true);
});

test('a cancel stops what is under way, lets the body clean up, and ends the flow', async () => {
  const { done, does } = journalOf();
  const long = flow('long', async (ctx) => {
    try {
      await ctx.checkpoint(
        'work',
        ({ signal }) =>
          new Promise<void>((_, reject) => {
            does('begun');
            signal.addEventListener('abort', () => reject(new Error('stopped')));
          }),
      );
    } finally {
      does('cleaned up');
    }
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(long, null, { key: 'r' });
  while (done.length === 0) await new Promise((next) => setTimeout(next, 5));
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect(done).toEqual(['begun', 'cleaned up']);
});

test('a question that is withdrawn cancels the flow', async () => {
  const ask = flow('ask', async (ctx) => ctx.wait({ name: 'ok', schema: z.boolean() }));
  await using runtime = await onDisk()();
  const handle = await runtime.start(ask, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  const [ticket] = await runtime.tickets('r');
  await runtime.abort(ticket!.id, 'not needed', 'ada');
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'ada withdrew a question: not needed' });
});

test('a question that nobody answers by its deadline gives its default, or rejects', async () => {
  const ask = flow('ask', async (ctx) => {
    const first = await ctx.wait({ name: 'a', schema: z.number(), deadline: '10ms', default: 7 });
    const second = await ctx.wait({ name: 'b', deadline: '10ms' }).catch((error: { kind: string }) => error.kind);
    return [first, second];
  });
  expect(await run(ask, null, { db: 'memory' })).toEqual([7, 'expired']);
});

test('signals are given once each, in the order in which they came, and wait for the body', async () => {
  const listen = flow('listen', async (ctx) => {
    await ctx.wait({ name: 'begin' });
    const first = await ctx.signal('note', z.string());
    const second = await ctx.signal('note');
    const third = await ctx.signal('note');
    return [first, second, third];
  });
  const open = onDisk();
  const note = (value: string) => ({ type: 'flow.signal', name: 'note', value });
  {
    await using runtime = await open();
    await untilRest(runtime, listen, null);
    await runtime.signal('flow/r', note('one'));
    await answerOnly(runtime, null);
    await runtime.signal('flow/r', note('two'));
    const handle = await runtime.resume('r', listen);
    while (!handle.idle) await new Promise((next) => setTimeout(next, 5));
  }
  await using runtime = await open();
  const handle = await runtime.start(listen, null, { key: 'r' });
  await runtime.signal('flow/r', note('three'));
  expect(outputOf(await handle.outcome())).toEqual(['one', 'two', 'three']);
});

test('a child flow is a call of its own: it is durable, and is cancelled with its parent', async () => {
  const { done, does } = journalOf();
  const child = flow('child', { input: z.object({ n: z.number() }) }, async (ctx, { n }) => {
    await ctx.checkpoint('work', ({ key }) => does(key));
    return ctx.wait({ name: 'double', schema: z.number() }).then((by) => n * by);
  });
  const parent = flow('parent', { uses: [child] }, async (ctx) => {
    const [a, b] = await Promise.all([ctx.run(child, { n: 2 }), ctx.run(child, { n: 3 })]);
    return a + b;
  });
  const open = onDisk();
  {
    await using runtime = await open();
    expect(await untilRest(runtime, parent, null)).toMatchObject({ tickets: [{ name: 'double' }, { name: 'double' }] });
  }
  await using runtime = await open();
  for (const { id } of await runtime.tickets('r')) await runtime.answer(id, 10);
  expect(outputOf(await untilRest(runtime, parent, null))).toBe(50);
  expect(done).toEqual(['r/child/work', 'r/child_2/work']);

  const handle = await runtime.start(parent, null, { key: 'other' });
  await handle.outcome({ returnWhenWaiting: true });
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'stop' });
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  expect(await runtime.journal.find({ run: 'other', status: 'active' })).toEqual([]);
});

test('map works on so many items at once, gives the results in order, and takes an empty list', async () => {
  let now = 0;
  let most = 0;
  const square = checkpoint('square', async (n: number) => {
    most = Math.max(most, ++now);
    await new Promise((next) => setTimeout(next, 1));
    now--;
    return n * n;
  });
  const squares = flow('squares', async (ctx) => [
    await ctx.map(square, [1, 2, 3, 4, 5, 6, 7], { concurrency: 3 }),
    await square.map(ctx, []),
    await ctx.product(
      checkpoint('pair', ({ a, b }: { a: number; b: string }) => `${a}${b}`),
      { a: [1, 2], b: ['x', 'y'] },
    ),
  ]);
  expect(await run(squares, null, { db: 'memory' })).toEqual([[1, 4, 9, 16, 25, 36, 49], [], ['1x', '1y', '2x', '2y']]);
  expect(most).toBe(3);
});

test('an item that fails stops the others, or is collected', async () => {
  const odd = checkpoint('odd', (n: number) => {
    if (n % 2 === 0) throw new RangeError(`${n} is even`);
    return n;
  });
  const all = flow('all', async (ctx) => {
    const collected = await ctx.map(odd, [1, 2, 3], { onFailure: 'collect' });
    const stopped = await ctx.map(odd, [1, 2, 3]).catch((error: Error) => error.message);
    return { collected: collected.map((each) => (each.ok ? each.value : each.failure.message)), stopped };
  });
  expect(await run(all, null, { db: 'memory' })).toEqual({ collected: [1, '2 is even', 3], stopped: '2 is even' });
});

test('calls in a checkpoint are refused, and recorded each for itself in a nested one', async () => {
  const { done, does } = journalOf();
  const inside = flow('inside', async (ctx) => {
    const refused = await ctx
      .checkpoint('outer', () => ctx.checkpoint('inner', () => 1))
      .catch((error: { kind: string }) => error.kind);
    const nested = await ctx.checkpoint('scope', { nested: true }, async () => {
      const one = await ctx.checkpoint('inner', ({ id }) => does(id));
      const two = await ctx.wait({ name: 'go' });
      return [one, two, await ctx.checkpoint('inner', ({ id }) => does(id))];
    });
    await ctx.wait({ name: 'end' });
    return { refused, nested };
  });
  const open = onDisk();
  {
    await using runtime = await open();
    await untilRest(runtime, inside, null);
  }
  {
    await using runtime = await open();
    await answerOnly(runtime, null);
    await untilRest(runtime, inside, null);
  }
  await using runtime = await open();
  await answerOnly(runtime, null);
  expect(outputOf(await untilRest(runtime, inside, null))).toEqual({
    refused: 'scope',
    nested: ['scope/inner', null, 'scope/inner_2'],
  });
  expect(done).toEqual(['scope/inner', 'scope/inner_2']);
});

test('time and chance are the same whenever the body is run again', async () => {
  const seen: unknown[] = [];
  const dice = flow('dice', async (ctx) => {
    await ctx.checkpoint('a', () => 1);
    seen.push([ctx.now(), ctx.random(), ctx.uuid()]);
    await ctx.wait({ name: 'go' });
    return ctx.uuid();
  });
  const open = onDisk();
  {
    await using runtime = await open();
    await untilRest(runtime, dice, null);
  }
  {
    await using runtime = await open();
    await answerOnly(runtime, null);
    await untilRest(runtime, dice, null);
  }
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
});

test.each<[string, () => unknown, string]>([
  ['a function', () => ({ items: [() => 1] }), 'at "items[0]" it is a function'],
  [
    'a circle',
    () => {
      const a: Record<string, unknown> = {};
      a['me'] = a;
      return a;
    },
    'at "me" it is an object that contains itself',
  ],
  [
    'an instance of a class',
    () =>
      new (class Robot {
        readonly isOn = true;
      })(),
    'it is an instance of Robot',
  ],
])('%s cannot be a result: the checkpoint fails by name, and nothing is stored', async (_, make, says) => {
  const bad = flow('bad', async (ctx) => ctx.checkpoint('make', make));
  await using runtime = await onDisk()();
  const outcome = await untilRest(runtime, bad, null);
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'code' } });
  expect((outcome as Extract<RunOutcome, { status: 'failed' }>).failure.message).toContain(
    `The result of the checkpoint "make" cannot be stored: ${says}`,
  );
});

test('a body that was changed and has diverged goes on with { migrate: true }: what is recorded is taken by id', async () => {
  const { done, does } = journalOf();
  const version = (names: readonly string[], waits: boolean, migrate = false) =>
    flow('steps', { migrate }, async (ctx) => {
      const results: string[] = [];
      for (const name of names) results.push(await ctx.checkpoint(name, () => does(name)));
      if (waits) await ctx.wait({ name: 'go' });
      return results;
    });
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, version(['a', 'b'], true), null);
    await answerOnly(first, null).catch(() => {});
  }
  const changed = ['x', 'b', 'a'];
  {
    await using second = await open();
    expect(await untilRest(second, version(changed, false), null)).toMatchObject({ failure: { kind: 'diverged' } });
    const again = await second.retry('r', version(changed, false));
    expect(await again.outcome()).toMatchObject({ failure: { kind: 'diverged' } });
  }
  await using third = await open();
  const handle = await third.retry('r', version(changed, false, true));
  expect(outputOf(await handle.outcome())).toEqual(changed);
  expect(done).toEqual(['a', 'b', 'x']);
});

test('a write that must not happen twice is asked about when its process died in the middle', async () => {
  const { done, does } = journalOf();
  let hangs = true;
  const pay = flow('pay', async (ctx) =>
    ctx.checkpoint('pay', { effect: 'write' }, () => {
      does('pay');
      return hangs ? new Promise<string>(() => {}) : 'paid';
    }),
  );
  const open = onDisk({ leaseTtl: 200 });
  {
    await using first = await open();
    await first.start(pay, null, { key: 'r' });
    while (done.length === 0) await new Promise((next) => setTimeout(next, 5));
  }
  hangs = false;
  {
    await using second = await open();
    expect(await untilRest(second, pay, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'pay' }] });
    expect(done).toEqual(['pay']);
    await answerOnly(second, { happened: true, result: 'receipt 7' });
    expect(outputOf(await untilRest(second, pay, null))).toBe('receipt 7');
  }
  expect(done).toEqual(['pay']);
});

test('a result for the same input is taken from an earlier run, while it is fresh and the version is the same', async () => {
  const { done, does } = journalOf();
  const slow = (version: string) =>
    checkpoint('slow', { cache: { version, maxAge: '1h' } }, (n: number) => Number(does(`${version}${n}`).length) + n);
  const use = (version: string) =>
    flow('use', async (ctx) => [await slow(version).call(ctx, 1), await slow(version).call(ctx, 2)]);
  await using runtime = await onDisk()();
  await untilRest(runtime, use('a'), null, 'one');
  await untilRest(runtime, use('a'), null, 'two');
  await untilRest(runtime, use('b'), null, 'three');
  expect(done).toEqual(['a1', 'a2', 'b1', 'b2']);
});

test('a body that waits for something that is not recorded goes on when that comes, although nothing was under way', async () => {
  let release = () => {};
  const plain = flow('plain', async (ctx) => {
    const other = (async () => {
      await new Promise<void>((resolve) => (release = resolve));
      return ctx.checkpoint('late', () => 'late');
    })();
    const answer = await Promise.race([ctx.wait({ name: 'never' }), other]);
    return answer;
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(plain, null, { key: 'r' });
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  release();
  expect(outputOf(await handle.outcome())).toBe('late');
});
