/** Calls of local tools: results, failures, time limits and progress. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { TroupeError } from '../../src/values/failure.ts';
import { localTools } from '../../src/tools/local.ts';
import { tool, type ToolOptions } from '../../src/tools/tool.ts';
import { toolSourceSuite } from 'troupe/testing/suites';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';

const nothing = z.object({});

test('an error that a tool throws is reported with its cause', async () => {
  const source = localTools([
    tool({
      name: 'fetch',
      description: 'Fetches.',
      input: nothing,
      output: z.null(),
      run() {
        throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
      },
    }),
  ]);
  const { message } = await rejectionOf(source.call('fetch', {}, testScope()));
  expect(message).toContain('fetch failed: connect ECONNREFUSED');
});

test.each([
  ['ECONNRESET', 'transient', true],
  ['ETIMEDOUT', 'timeout', true],
  ['ENOTFOUND', 'environment', false],
  ['ENOENT', 'tool', false],
])('a tool that fails with %s has a failure of kind %s', async (code, kind, retryable) => {
  const source = localTools([
    tool({
      name: 'fetch',
      description: 'Fetches.',
      input: nothing,
      output: z.null(),
      run() {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
      },
    }),
  ]);
  expect(await rejectionOf(source.call('fetch', {}, testScope()))).toMatchObject({ kind, retryable });
});

test('a check of the input that never ends is a timeout, and the tool is not called', async () => {
  let called = false;
  const scope = testScope();
  let release = (_fits: boolean): void => {};
  const source = localTools([
    tool({
      name: 'pay',
      description: 'Pays.',
      effect: 'write',
      input: z.object({}).refine(() => new Promise<boolean>((resolve) => (release = resolve))),
      output: z.null(),
      timeout: '20s',
      run() {
        called = true;
        return null;
      },
    }),
  ]);
  const failed = rejectionOf(source.call('pay', {}, scope));
  await new Promise(setImmediate);
  scope.clock.advance(20_000);
  expect(await failed).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('was not called: its input was not checked within 20 s'),
    data: { tool: 'pay', sent: false },
  });
  release(true);
  await new Promise(setImmediate);
  expect(called).toBe(false);
});

test('a check of the input that loses its network leaves no doubt whether a write happened', async () => {
  const source = localTools([
    tool({
      name: 'pay',
      description: 'Pays.',
      effect: 'write',
      input: z.object({}).refine(() => Promise.reject(Object.assign(new Error('lost'), { code: 'ECONNRESET' }))),
      output: z.null(),
      run: () => null,
    }),
  ]);
  expect(await rejectionOf(source.call('pay', {}, testScope()))).toMatchObject({
    kind: 'transient',
    data: { tool: 'pay', sent: false },
  });
});

test.each([
  ['a revoked proxy', () => revokedProxy()],
  ['an error whose message throws', () => Object.defineProperty(new Error(), 'message', { get: throwing })],
  ['an error whose message is an object', () => Object.assign(new Error(), { message: { code: 7 } })],
  ['an empty text', () => ''],
])('%s that a tool throws is an error of that tool', async (_, thrown) => {
  const source = localTools([
    tool({
      name: 'look',
      description: 'Looks.',
      input: nothing,
      output: z.null(),
      run() {
        throw thrown();
      },
    }),
  ]);
  expect(await rejectionOf(source.call('look', {}, testScope()))).toMatchObject({
    kind: 'tool',
    message: expect.stringMatching(/^Tool "look" threw while it ran: \w/),
  });
});

function throwing(): never {
  throw new RangeError('It cannot be read.');
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

toolSourceSuite('localTools', async () => {
  let stopped = 0;
  return localTools([
    tool({
      name: 'add',
      description: 'Adds.',
      input: z.object({ a: z.number(), b: z.number() }),
      output: z.object({ sum: z.number() }),
      run: ({ a, b }) => ({ sum: a + b }),
    }),
    tool({
      name: 'fail',
      description: 'Fails.',
      input: z.object({ why: z.string() }),
      output: z.null(),
      run({ why }) {
        throw new Error(why);
      },
    }),
    tool({
      name: 'wait',
      description: 'Waits.',
      input: nothing,
      output: z.null(),
      run: (_, { signal, progress }) => {
        signal.addEventListener('abort', () => stopped++);
        progress('started');
        return new Promise<null>(() => {});
      },
    }),
    tool({
      name: 'stopped',
      description: 'Counts.',
      input: nothing,
      output: z.object({ stopped: z.number() }),
      run: () => ({ stopped }),
    }),
    tool({
      name: 'big',
      description: 'Is large.',
      input: z.object({ bytes: z.number() }),
      output: z.string(),
      run: ({ bytes }) => 'x'.repeat(bytes),
    }),
    tool({
      name: 'key',
      description: 'Says its key.',
      effect: 'write',
      idempotent: true,
      input: nothing,
      output: z.object({ key: z.string() }),
      run: (_, { key }) => ({ key }),
    }),
    tool({ name: 'fire', description: 'Fires.', effect: 'write', input: nothing, output: z.null(), run: () => null }),
  ]);
});

/** A source of one tool that returns a given value. */
const returning = (value: unknown, more: Partial<ToolOptions<z.ZodType, z.ZodType>> = {}) =>
  localTools([
    tool({ name: 'it', description: 'Returns.', input: nothing, output: z.unknown(), run: () => value, ...more }),
  ]);

const circle: Record<string, unknown> = {};
circle['again'] = circle;
const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as unknown;

test.each([
  ['a function', { rows: [{ run: () => 1 }] }, '"rows[0].run" is a function'],
  ['a bigint', 10n, 'the result is a bigint'],
  ['a cycle', circle, '"again" contains itself'],
  ['a date', { at: new Date(0) }, '"at" is a Date'],
  ['a map', new Map(), 'the result is a Map'],
  ['not a number', { a: Number.NaN }, '"a" is NaN'],
  ['a pit', deep, 'more than 200 levels deep'],
])('a result with %s is a failure with its path', async (_, value, words) => {
  expect(await rejectionOf(returning(value).call('it', {}, testScope()))).toMatchObject({
    kind: 'tool',
    message: expect.stringContaining(words),
  });
});

test('a tool that returns nothing has returned null', async () => {
  expect(await returning(undefined).call('it', {}, testScope())).toBeNull();
});

test('a result does not change when the tool changes its object later', async () => {
  const kept = { rows: [1] };
  const result = await returning(kept).call('it', {}, testScope());
  kept.rows.push(2);
  expect(result).toEqual({ rows: [1] });
});

test('an object that occurs twice in a result is not a cycle', async () => {
  const shared = { a: 1 };
  expect(await returning([shared, shared]).call('it', {}, testScope())).toEqual([shared, shared]);
});

test('a result that breaks its schema is a failure of the tool, not of the caller', async () => {
  const failure = await rejectionOf(
    returning({ rows: 'none' }, { output: z.object({ rows: z.array(z.string()) }) }).call('it', {}, testScope()),
  );
  expect(failure).toMatchObject({
    kind: 'tool',
    message: expect.stringMatching(/at "rows": expected array, came a string of 4 characters/),
  });
});

test('an invalid value is described, not quoted: it may be a secret', async () => {
  const source = localTools([
    tool({
      name: 'login',
      description: 'Signs in.',
      input: z.object({ pin: z.number() }),
      output: z.null(),
      run: () => null,
    }),
  ]);
  const failure = await rejectionOf(source.call('login', { pin: 'hunter2' }, testScope()));
  expect(JSON.stringify(failure)).not.toContain('hunter2');
});

test('defaults and transforms of the input are applied before the tool runs', async () => {
  const source = localTools([
    tool({
      name: 'page',
      description: 'Pages.',
      input: z.object({ limit: z.number().default(10) }),
      output: z.number(),
      run: ({ limit }) => limit,
    }),
  ]);
  expect(await source.call('page', {}, testScope())).toBe(10);
});

test('a TroupeError of a tool is passed on unchanged', async () => {
  const denied = returning(null, {
    run() {
      throw new TroupeError('denied', 'Not on Sundays.');
    },
  });
  expect(await rejectionOf(denied.call('it', {}, testScope()))).toMatchObject({
    kind: 'denied',
    message: 'Not on Sundays.',
  });
});

test.each([
  ['a string', 'oh'],
  ['nothing', undefined],
  ['an object', { code: 7 }],
])('a tool that throws %s has failed', async (_, thrown) => {
  const source = returning(null, {
    run() {
      throw thrown;
    },
  });
  expect(await rejectionOf(source.call('it', {}, testScope()))).toMatchObject({ kind: 'tool' });
});

test.each([
  ['returned a result that is too large', () => 'x'.repeat(2_000_000)],
  ['broke its schema', () => 7],
])(
  'the failure of a tool that did its work and %s says that it was done; that of one that threw does not',
  async (_, run) => {
    const ended = (change: object) =>
      rejectionOf(returning(null, { output: z.string(), ...change }).call('it', {}, testScope()));
    expect(await ended({ run })).toMatchObject({ kind: 'tool', data: { tool: 'it', done: true } });
    const thrown = await ended({
      run() {
        throw new Error('no paper');
      },
    });
    expect(thrown.data).toEqual({ tool: 'it' });
  },
);

test('a schema that throws while it checks is a failure of the tool', async () => {
  const output = z.unknown().refine(() => {
    throw new Error('refused to think');
  });
  expect(await rejectionOf(returning(1, { output }).call('it', {}, testScope()))).toMatchObject({
    kind: 'tool',
    message: expect.stringContaining('refused to think'),
  });
});

test('progress and results of a tool after its time limit are ignored', async () => {
  const scope = testScope();
  let say: (note: string) => void = () => {};
  const source = returning(null, {
    timeout: '2s',
    run(_, { progress }) {
      say = progress;
      say('working');
      return new Promise(() => {});
    },
  });
  const failure = rejectionOf(source.call('it', {}, scope));
  await scope.heard();
  scope.clock.advance(2_000);
  expect((await failure).kind).toBe('timeout');
  say('still here');
  expect(scope.said).toEqual(['working']);
});

test('a call that ended leaves no timer on the clock', async () => {
  const scope = testScope();
  await returning(1).call('it', {}, scope);
  expect(scope.clock.next).toBeUndefined();
});

test('two tools with one name are refused', () => {
  const one = tool({ name: 'one', description: 'One.', input: nothing, output: z.null(), run: () => null });
  expect(() => localTools([one, one])).toThrow(/Two tools are named "one"/);
});

test('the reconcile function of a tool is called, and its answer is checked', async () => {
  const pay = (found: unknown) =>
    localTools([
      tool({
        name: 'pay',
        description: 'Pays.',
        effect: 'write',
        input: z.object({ to: z.string() }),
        output: z.object({ receipt: z.string() }),
        run: () => ({ receipt: 'r1' }),
        reconcile: async () => found as { done: false },
      }),
    ]).reconcile!('pay', { to: 'anna' }, testScope());
  expect(await pay({ done: true, output: { receipt: 'r1' } })).toEqual({ done: true, output: { receipt: 'r1' } });
  expect(await pay({ done: false })).toEqual({ done: false });
  expect(await pay(undefined)).toBeUndefined();
  expect(await rejectionOf(pay({ done: true, output: 7 }))).toMatchObject({ kind: 'tool' });
});
