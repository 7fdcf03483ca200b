/** What a checkpoint throws is told with all that its code may decide by. */
import { expect, test } from 'vitest';
import { flow, run, type TroupeError } from '../../src/index.ts';

/** What the body is told of an error that a checkpoint has thrown. */
async function toldOf(thrown: unknown): Promise<TroupeError> {
  let told: TroupeError | undefined;
  const throws = flow('throws', async (ctx) => {
    const work = ctx.checkpoint('work', () => {
      throw thrown;
    });
    await work.catch((error: TroupeError) => (told = error));
  });
  await run(throws, null, { db: 'memory' });
  return told!;
}

test('an error of several says each of them, and how many there were', async () => {
  const { message } = await toldOf(
    new AggregateError([new Error('one'), new TypeError('two')], 'All promises were rejected'),
  );
  expect(message).toBe('All promises were rejected: one; two');
  const many = await toldOf(new AggregateError(Array.from({ length: 30 }, (_, n) => new Error(`no ${n}`))));
  expect(many.message).toBe('AggregateError: no 0; no 1; no 2; no 3; no 4; and 25 more');
});

test('the code and the status of an error are told, and nothing else that it carries', async () => {
  class ApiError extends Error {
    override readonly name = 'ApiError';
    readonly code = 'E_GONE';
    readonly status = 410;
    readonly token = 'sesame';
  }
  const { kind, data } = await toldOf(new ApiError('gone'));
  expect({ kind, data }).toEqual({
    kind: 'code',
    data: { error: 'ApiError', stack: expect.any(String) as string, code: 'E_GONE', status: 410 },
  });
  expect((await toldOf({ code: 7, token: 'sesame' })).data).toEqual({ error: 'object', code: 7 });
});

test('a policy decides by the code of an error whether there is another attempt', async () => {
  const codes = ['E_BUSY', 'E_GONE', 'E_BUSY'];
  const on = ({ data }: TroupeError) => (data as { code?: unknown }).code === 'E_BUSY';
  const tries = flow('tries', async (ctx) =>
    ctx.checkpoint('work', { retries: { times: 5, backoff: 1, on } }, () => {
      throw Object.assign(new Error('refused'), { code: codes.shift() });
    }),
  );
  await expect(run(tries, null, { db: 'memory' })).rejects.toMatchObject({ data: { code: 'E_GONE' } });
  expect(codes).toEqual(['E_BUSY']);
});

const unreadable: Record<string, () => unknown> = {
  'an error whose message throws': () =>
    Object.defineProperty(new Error(), 'message', {
      get() {
        throw new Error('sealed');
      },
    }),
  'an error whose stack throws': () =>
    Object.defineProperty(new Error('far'), 'stack', {
      get() {
        throw new Error('sealed');
      },
    }),
  'a proxy that refuses everything': () =>
    new Proxy(new Error('far'), {
      get() {
        throw new Error('sealed');
      },
      getPrototypeOf() {
        throw new Error('sealed');
      },
    }),
};

test.each(Object.entries(unreadable))('%s fails the checkpoint, or the flow, that threw it', async (_, make) => {
  const told = await toldOf(make());
  expect(told).toMatchObject({ kind: 'code', message: expect.stringMatching(/./) as unknown });
  const throws = flow('throws', () => {
    throw make();
  });
  await expect(run(throws, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'code',
    message: expect.stringMatching(/./) as unknown,
  });
});

test.each<[string, unknown, string, string]>([
  ['a text', 'sold out', 'sold out', 'string'],
  ['nothing', undefined, 'undefined', 'undefined'],
  ['null', null, 'null', 'object'],
  ['a number', 404, '404', 'number'],
  ['a big integer', 5n, '5', 'bigint'],
  ['a symbol', Symbol('gone'), 'Symbol(gone)', 'symbol'],
  ['an object', { token: 'sesame' }, 'an object with the keys token', 'object'],
  ['an object without a prototype', Object.create(null), '[object Object]', 'object'],
])('what is thrown may be %s: the body and the run are told a failure', async (_, thrown, message, error) => {
  const expected = { kind: 'code', message, data: { error } };
  expect(await toldOf(thrown)).toMatchObject(expected);
  const throws = flow('throws', () => {
    throw thrown;
  });
  await expect(run(throws, null, { db: 'memory' })).rejects.toMatchObject(expected);
});

test('of a message without end the beginning is kept', async () => {
  const { message } = await toldOf(new Error(`<html>${'x'.repeat(2_000_000)}`, { cause: new Error('y'.repeat(9)) }));
  expect(message).toMatch(/^<html>x{9000}/);
  expect(message.length).toBeLessThanOrEqual(10_000);
});
