/** What a checkpoint does inside does not change what the body around it is told, and whatever it throws is told the same again. */
import { expect, test } from 'vitest';
import { recordsIn } from './recordsIn.ts';
import * as z from 'zod';
import { flow, type Flow, type RunOutcome } from '../../src/index.ts';
import { answerOnly, journalOf, onDisk, resultIn, untilRest } from './processes.ts';

/** Runs it in one process until it asks `go`, and in another one to its end. */
async function inTwoProcesses(subject: Flow): Promise<RunOutcome> {
  const open = onDisk();
  {
    await using runtime = await open();
    expect(await untilRest(runtime, subject, null)).toMatchObject({ status: 'waiting' });
  }
  await using runtime = await open();
  await answerOnly(runtime, null);
  return await untilRest(runtime, subject, null);
}

test('chance inside a checkpoint takes nothing from the chance of the body', async () => {
  const seen: unknown[] = [];
  const dice = flow('dice', async (ctx) => {
    await ctx.checkpoint('plain', () => [ctx.random(), ctx.uuid()]);
    await ctx.checkpoint('scope', { nested: true }, () => ctx.random());
    seen.push(ctx.uuid());
    await ctx.wait({ name: 'go' });
    return [ctx.random() === ctx.random(), ctx.now() > 0];
  });
  expect(resultIn(await inTwoProcesses(dice))).toEqual([false, true]);
  expect(seen[1]).toBe(seen[0]);
});

test('names may hold anything; those of calls in a nested checkpoint are never taken for others', async () => {
  const { done, does } = journalOf();
  const names = ['scope/inner', 'scope/inner', 'a_2', 'a', 'a', ' ü/\u{1f600}', 'x'.repeat(200)];
  const named = flow('named', async (ctx) => {
    await ctx.checkpoint('scope', { nested: true }, () => ctx.checkpoint('inner', ({ key }) => does(key)));
    for (const name of names) await ctx.checkpoint(name, ({ key }) => does(key));
    const refused = await ctx.checkpoint('n', { id: 'a/b' }, () => 1).catch(({ kind }: { kind: string }) => kind);
    await ctx.wait({ name: 'go' });
    return refused;
  });
  expect(resultIn(await inTwoProcesses(named))).toBe('invalid');
  expect(done).toHaveLength(names.length + 1);
  expect(new Set(done).size).toBe(done.length);
});

test('a nested checkpoint that fails is not tried again: its calls are', async () => {
  const { done, does } = journalOf();
  const steps = flow('steps', { retries: { times: 3, backoff: '1ms' } }, async (ctx) => {
    const failed = await ctx
      .checkpoint('scope', { nested: true }, async () => {
        await ctx.checkpoint('inner', () => does('inner'));
        throw new Error('broken');
      })
      .catch((error: Error) => error.message);
    await ctx.wait({ name: 'go' });
    return failed;
  });
  expect(resultIn(await inTwoProcesses(steps))).toBe('broken');
  expect(done).toEqual(['inner']);
});

test('a write that is begun anew after an answer is asked about again', async () => {
  const { done, does } = journalOf();
  const pay = flow('pay', async (ctx) =>
    ctx.checkpoint('pay', { effect: 'write' }, async () => {
      does('pay');
      return new Promise<string>(() => {});
    }),
  );
  const open = onDisk({ leaseTtl: 200 });
  const untilPaid = async (times: number) => {
    while (done.length < times) await new Promise((next) => setTimeout(next, 5));
  };
  {
    await using first = await open();
    await first.start(pay, null, { key: 'r' });
    await untilPaid(1);
  }
  {
    await using second = await open();
    await untilRest(second, pay, null);
    await answerOnly(second, { happened: false });
    await untilPaid(2);
  }
  await using third = await open();
  expect(await untilRest(third, pay, null)).toMatchObject({ status: 'waiting' });
  await answerOnly(third, { happened: true, result: 'receipt' });
  expect(resultIn(await untilRest(third, pay, null))).toBe('receipt');
  expect(done).toEqual(['pay', 'pay']);
});

test.each<[string, () => unknown]>([
  ['undefined', () => undefined],
  ['a text', () => 'text'],
  ['a symbol', () => Symbol('s')],
  ['a frozen object', () => Object.freeze({ a: 1 })],
  ['an object without text', () => Object.create(null)],
  ['an error whose name is an object', () => Object.assign(new Error('x'), { name: { a: 1 } })],
  ['an error whose message is none', () => Object.assign(new Error('x'), { message: { a: 1 } })],
  ['an error that is its own cause', () => Object.assign(new Error('x'), { cause: new Error('y') })],
  ['several errors', () => new AggregateError([new Error('a')], 'both')],
])('%s that is thrown is told the same when the body is run again', async (_, make) => {
  const seen: unknown[] = [];
  const throws = flow('throws', async (ctx) => {
    await ctx
      .checkpoint('work', () => {
        throw make();
      })
      .catch(({ kind, message, data }: { kind: string; message: string; data: unknown }) =>
        seen.push([kind, message, data]),
      );
    await ctx.wait({ name: 'go' });
    throw make();
  });
  expect(await inTwoProcesses(throws)).toMatchObject({ status: 'failed', failure: { kind: 'code' } });
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
});

test('a condition for another attempt that throws fails the checkpoint', async () => {
  const on = () => {
    throw new Error('in the condition');
  };
  const steps = flow('steps', async (ctx) =>
    ctx.checkpoint('work', { retries: { times: 2, on } }, () => {
      throw new Error('x');
    }),
  );
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, steps, null)).toMatchObject({
    status: 'failed',
    failure: { kind: 'code', message: 'in the condition' },
  });
});

test('facts are kept as JSON, and what is no object is refused', async () => {
  const logs = flow('logs', async (ctx) =>
    ctx.checkpoint('work', () => {
      ctx.log({ at: new Date(0), nothing: undefined } as never);
      ctx.log('text' as never);
    }),
  );
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, logs, null)).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
  expect(await recordsIn(runtime, 'r', 'call')).toMatchObject([{ metadata: { at: '1970-01-01T00:00:00.000Z' } }]);
});

test('a question whose schema or default is no JSON is refused by name', async () => {
  const ask = flow('ask', async (ctx) => {
    const kindOf = ({ kind }: { kind: string }) => kind;
    return [
      await ctx.wait({ name: 'when', schema: z.date() }).catch(kindOf),
      await ctx.wait({ name: 'when', schema: z.unknown(), default: new Date(0) }).catch(kindOf),
    ];
  });
  await using runtime = await onDisk()();
  expect(resultIn(await untilRest(runtime, ask, null))).toEqual(['definition', 'definition']);
});

test('two children of one name are refused, because one would be taken for the other', async () => {
  const one = flow('child', async () => 1);
  const two = flow('child', async () => 2);
  const parent = flow('parent', { uses: [one, two] }, async (ctx) => ctx.run(one, null));
  await using runtime = await onDisk()();
  await expect(runtime.start(parent, null)).rejects.toMatchObject({ kind: 'definition' });
});

test('a result of a function is not taken for that of another input of the flow, or of another round', async () => {
  const { done, does } = journalOf();
  const cached = flow('cached', { input: z.string() }, async (ctx, input) => {
    const results: string[] = [];
    for (const part of ['a', 'b'])
      results.push(await ctx.checkpoint('part', { cache: true }, () => does(input + part)));
    return results;
  });
  await using runtime = await onDisk()();
  expect(resultIn(await untilRest(runtime, cached, 'x', 'one'))).toEqual(['xa', 'xb']);
  expect(resultIn(await untilRest(runtime, cached, 'y', 'two'))).toEqual(['ya', 'yb']);
  expect(resultIn(await untilRest(runtime, cached, 'x', 'three'))).toEqual(['xa', 'xb']);
  expect(done).toEqual(['xa', 'xb', 'ya', 'yb']);
});

test('ids that are made from names and ids that are given are never the same', async () => {
  const ids: string[] = [];
  const steps = flow('steps', async (ctx) => {
    const make = (name: string, id?: string) =>
      ctx.checkpoint(name, id === undefined ? {} : { id }, (call) => void ids.push(call.id));
    for (const name of ['a', 'a', 'a_2', 'a']) await make(name);
    await make('b', 'a_4');
    for (const name of ['a', 'a_4', 'a_3', 'b']) await make(name);
    for (const used of ['a', 'a_3', 'a_4', 'a_2_2', 'a_5'])
      await expect(make('other', used)).rejects.toMatchObject({ kind: 'invalid' });
    for (const free of ['a_1', 'a_02', 'a_6']) await make('other', free);
    await make('a');
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  expect(ids).toEqual('a a_2 a_2_2 a_3 a_4 a_5 a_4_2 a_3_2 b a_1 a_02 a_6 a_7'.split(' '));
});
