/** E2, E3, E5, E7: an effect starts after its commit, under one key; the result of a stopped effect is ignored; an uncertain write is not repeated. */
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { assign, enqueueActions, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { EffectScope, ListFold } from '../../src/contracts/effect.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { deferred } from '../deferred.ts';
import { worker, type Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

test('an effect starts after the commit that contains it', async () => {
  const testProcess = new TestProcess();
  const committed: number[] = [];
  const machine = type(worker(effect(async () => committed.push((await testProcess.journal.history({})).length))));
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'go' });
  expect(committed).toEqual([2]);
});

test('an actor that ends with the result of an effect, a timer or the end of a child leaves nothing pending', async () => {
  const child = setup({}).createMachine({ id: 'child', initial: 'over', states: { over: { type: 'final' } } });
  const brief = type(
    setup({ actors: { work: effect(async () => 1), child }, delays: { soon: 1_000 } }).createMachine({
      id: 'brief',
      initial: 'working',
      states: {
        working: { invoke: { src: 'work', id: 'work', onDone: 'over', onError: 'over' }, after: { soon: 'over' } },
        over: { type: 'final' },
      },
    }),
  );
  const parent = type(
    setup({ actors: { child } }).createMachine({
      id: 'parent',
      initial: 'on',
      states: {
        on: { invoke: { src: 'child', id: 'child', onDone: 'over', onError: 'over' } },
        over: { type: 'final' },
      },
    }),
  );
  const waiter = type(
    setup({ delays: { soon: 1_000 } }).createMachine({
      id: 'waiter',
      initial: 'on',
      states: { on: { after: { soon: 'over' } }, over: { type: 'final' } },
    }),
  );
  for (const each of [brief, parent, waiter]) {
    const testProcess = new TestProcess();
    const address = await testProcess.start(each);
    await testProcess.advance(1_000);
    expect(await testProcess.journal.load(address)).toMatchObject({ status: 'done', pending: [] });
  }
});

test('an effect whose result is in the ledger is not performed again after a crash', async () => {
  const testProcess = new TestProcess();
  let calls = 0;
  const machine = type(worker(effect(async () => ++calls)));
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'go' });
  await testProcess.resume(machine);
  expect(calls).toBe(1);
  expect((await testProcess.row(address)).context).toMatchObject({ got: 1 });
});

test('a result that makes the machine throw is kept in the ledger, and survives a crash at that moment', async () => {
  const testProcess = new TestProcess();
  let calls = 0;
  const work = effect(async () => ++calls);
  const broken = worker(work).provide({
    actions: {
      keep: () => {},
      append: assign(() => {
        throw new Error('a defect');
      }),
    },
  });
  const defective = type(
    broken.provide({ actions: { keep: enqueueActions(({ enqueue }) => enqueue('append' as never)) } }),
  );
  const address = await testProcess.start(defective);
  const commit = testProcess.journal.commit.bind(testProcess.journal);
  const record = testProcess.journal.record.bind(testProcess.journal);
  testProcess.journal.record = async (...args) => {
    await record(...args);
    testProcess.journal.commit = () => new Promise(() => {});
    testProcess.host.abandon();
  };
  await testProcess.signal(address, { type: 'go' });
  Object.assign(testProcess.journal, { commit, record });
  await testProcess.resume(type(worker(work)));
  expect(calls).toBe(1);
  expect((await testProcess.row(address)).context).toMatchObject({ got: 1 });
});

test('a read that a crash interrupted is repeated under the same key, marked as a repetition', async () => {
  const testProcess = new TestProcess();
  const scopes: EffectScope[] = [];
  const first = deferred<string>();
  const machine = type(
    worker(
      effect((_, scope) => {
        scopes.push(scope);
        return scopes.length === 1 ? first.promise : Promise.resolve('answer');
      }),
    ),
  );
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'go' });
  await testProcess.resume(machine);
  expect(scopes.map(({ key, again }) => ({ key, again }))).toEqual([
    { key: `${address}/2/0`, again: false },
    { key: `${address}/2/0`, again: true },
  ]);
  expect(scopes[0]!.signal.aborted).toBe(true);
  // A result that comes to the dead process is ignored.
  first.resolve('late');
  await settle();
  expect((await testProcess.row(address)).context).toMatchObject({ got: 'answer' });
});

test('an effect that fails with a transient failure is retried under the same key, is told so, and the machine gets no event', async () => {
  const testProcess = new TestProcess();
  const keys: string[] = [];
  const told: boolean[] = [];
  const work = effect(
    async (_, { key, isRetried = false }) => {
      keys.push(key);
      told.push(isRetried);
      if (keys.length < 3) throw new TroupeError('transient', 'busy');
      return 'answer';
    },
    { retry: { times: 3, backoff: 100 } },
  );
  const address = await testProcess.start(type(worker(work)));
  await testProcess.signal(address, { type: 'go' });
  await testProcess.advance(1_000);
  await testProcess.advance(1_000);
  expect(new Set(keys).size).toBe(1);
  expect(told).toEqual([false, true, true]);
  expect(testProcess.states(address)).toEqual(['idle', 'working', 'done']);
});

test('a failed effect gives the machine an event with the failure as data', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(
    type(worker(effect(() => Promise.reject(new TroupeError('denied', 'no', { data: { why: 'policy' } }))))),
  );
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).context).toMatchObject({
    failed: { kind: 'denied', message: 'no', retryable: false, data: { why: 'policy' } },
  });
});

test('the late result of a stopped effect is not taken for the result of the next one', async () => {
  const testProcess = new TestProcess();
  const answers = [deferred<string>(), deferred<string>()];
  const signals: AbortSignal[] = [];
  const machine = type(
    worker(
      effect((_, { signal }) => {
        signals.push(signal);
        return answers[signals.length - 1]!.promise;
      }),
    ),
  );
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'go' });
  await testProcess.signal(address, { type: 'stop' });
  expect(signals[0]!.aborted).toBe(true);
  await testProcess.signal(address, { type: 'go' });
  answers[0]!.resolve('of the first');
  await settle();
  expect((await testProcess.row(address)).state).toBe('working');
  answers[1]!.resolve('of the second');
  await settle();
  expect((await testProcess.row(address)).context).toMatchObject({ got: 'of the second' });
});

test('an uncertain write is not repeated: the machine gets an error of kind "uncertain"', async () => {
  const testProcess = new TestProcess();
  let writes = 0;
  const machine = type(worker(effect(() => (writes++, new Promise<string>(() => {})), { kind: 'write' })));
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'go' });
  await testProcess.resume(machine);
  expect(writes).toBe(1);
  expect((await testProcess.row(address)).context).toMatchObject({
    failed: { kind: 'uncertain', data: { key: `${address}/2/0` } },
  });
});

test('an idempotent write that a crash interrupted is repeated under the same key', async () => {
  const testProcess = new TestProcess();
  const keys: string[] = [];
  const work = effect(
    (_, { key }) => (keys.push(key), keys.length === 1 ? new Promise<string>(() => {}) : Promise.resolve('written')),
    { kind: 'write', idempotent: true },
  );
  const address = await testProcess.start(type(worker(work)));
  await testProcess.signal(address, { type: 'go' });
  await testProcess.resume(type(worker(work)));
  expect(keys).toEqual([`${address}/2/0`, `${address}/2/0`]);
  expect((await testProcess.row(address)).context).toMatchObject({ got: 'written' });
});

test('a write that is not idempotent is never retried automatically', async () => {
  const testProcess = new TestProcess();
  let writes = 0;
  const work = effect(async () => (writes++, Promise.reject(new TroupeError('timeout', 'no answer'))), {
    kind: 'write',
    retry: { times: 5, backoff: 1 },
  });
  const address = await testProcess.start(type(worker(work)));
  await testProcess.signal(address, { type: 'go' });
  await testProcess.advance(60_000);
  expect(writes).toBe(1);
  expect((await testProcess.row(address)).context).toMatchObject({ failed: { kind: 'timeout' } });
});

test('an effect whose result is not JSON fails, and the message names the effect', async () => {
  const testProcess = new TestProcess();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const address = await testProcess.start(type(worker(effect(async () => circle))));
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).context).toMatchObject({
    failed: { kind: 'tool', message: expect.stringContaining('"work" must give JSON') as string },
  });
});

test('what an effect gives is stored as JSON has it, also when it says that nothing changes it any more', async () => {
  const given = { at: new URL('http://a/'), left: undefined, list: [{ n: 1 }] };
  for (const immutable of [false, true]) {
    const testProcess = new TestProcess();
    const address = await testProcess.start(type(worker(effect(async () => given, { immutable }))));
    await testProcess.signal(address, { type: 'go' });
    given.list.push({ n: 2 });
    const { got } = (await testProcess.row(address)).context as { got: unknown };
    expect(got).toStrictEqual({ at: 'http://a/', list: [{ n: 1 }] });
    given.list.pop();
  }
});

test('an output that nothing changes any more is not copied; any other is, so that changing it changes nothing that is stored', async () => {
  const given = { list: [{ n: 1 }] };
  for (const immutable of [false, true]) {
    const taken: unknown[] = [];
    const keep = ({ event }: { event: object }) => void taken.push('output' in event && event.output);
    const machine = worker(effect(async () => given, { immutable })).provide({ actions: { keep } });
    const testProcess = new TestProcess();
    await testProcess.signal(await testProcess.start(type(machine)), { type: 'go' });
    expect(taken).toEqual([given]);
    expect(taken[0] === given).toBe(immutable);
  }
});

test.each<[string, unknown, RegExp]>([
  ['NaN', { rows: [{ score: NaN }] }, /\.rows\[0\]\.score is NaN/],
  ['Infinity', [Infinity], /\[0\] is Infinity/],
  ['a Date', { at: new Date(0) }, /\.at is a Date/],
  ['a Map', { counts: new Map([['a', 1]]) }, /\.counts is a Map/],
  ['a Set at the top', new Set([1]), /"work" must give JSON.*it is a Set/],
  ['bytes', { file: new Uint8Array(2) }, /\.file is a Uint8Array/],
  ['a Buffer', { file: Buffer.from('a') }, /\.file is a Buffer/],
  ['an Error', { odd: [new Error('no')] }, /\.odd\[0\] is an Error/],
  ['a big integer', { id: 1n }, /\.id is a bigint/],
  ['what has nothing in it that JSON has', { answer: new Response('a') }, /\.answer is a Response/],
  ['a Promise that was not awaited', { rows: Promise.resolve([]) }, /\.rows is a Promise/],
  ['an ArrayBuffer', { file: new ArrayBuffer(2) }, /\.file is an ArrayBuffer/],
  ['a Date of another realm', { at: runInNewContext('new Date(0)') }, /\.at is a Date/],
  ['an Error of another realm', { odd: runInNewContext('new TypeError("no")') }, /\.odd is a TypeError/],
  ['a list with a value missing', { rows: [1, undefined] }, /\.rows\[1\] is undefined/],
  // oxlint-disable-next-line no-sparse-arrays -- the hole is what is refused
  ['a list with a hole', [1, , 3], /\[1\] is undefined/],
  ['a list of functions', [() => 1], /\[0\] is a function/],
  ['a function', () => 1, /"work" must give JSON.*it is a function/],
  ['a symbol', Symbol('s'), /"work" must give JSON.*it is a symbol/],
])('an effect that gives %s fails with the place of it, instead of losing it', async (_, output, says) => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(async () => output))));
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).context).toMatchObject({
    failed: { kind: 'tool', message: expect.stringMatching(says) as string },
  });
});

class Empty {
  describe() {
    return 'It has no field.';
  }
}

test.each<[string, () => unknown, unknown]>([
  ['an object of another realm', () => runInNewContext('({})'), {}],
  ['lists and objects of another realm', () => runInNewContext('({ rows: [[], {}] })'), { rows: [[], {}] }],
  ['an instance without fields', () => new Empty(), {}],
  ['an object without fields of its own', () => Object.create({ a: 1 }) as unknown, {}],
  ['a number as an object', () => ({ n: Object(5) as unknown }), { n: 5 }],
  ['a text as an object', () => [Object('a') as unknown], ['a']],
])('the output of an effect may be %s', async (_, make, stored) => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(async () => make()))));
  await testProcess.signal(address, { type: 'go' });
  expect(((await testProcess.row(address)).context as { got: unknown }).got).toStrictEqual(stored);
});

test('a big integer is taken where the program has said how JSON writes it', async () => {
  // oxlint-disable-next-line no-extend-native -- programs do it, and this is about them
  Object.defineProperty(BigInt.prototype, 'toJSON', {
    configurable: true,
    value(this: bigint) {
      return this.toString();
    },
  });
  try {
    const testProcess = new TestProcess();
    const address = await testProcess.start(type(worker(effect(async () => ({ ids: [1n] })))));
    await testProcess.signal(address, { type: 'go' });
    expect((await testProcess.row(address)).context).toMatchObject({ got: { ids: ['1'] } });
  } finally {
    Reflect.deleteProperty(BigInt.prototype, 'toJSON');
  }
});

test('an effect may give what says itself how it is written, and objects with properties that are left out', async () => {
  class Money {
    readonly cents = 5;
    format = () => `${this.cents} cents`;
  }
  const output = { at: new URL('http://a/'), price: new Money(), none: undefined, mark: Symbol('s'), zero: -0 };
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(worker(effect(async () => output))));
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).context).toMatchObject({
    got: { at: 'http://a/', price: { cents: 5 }, zero: 0 },
  });
});

test('an effect reads the lists of its actor as committed, with the entries of its own commit', async () => {
  const received: unknown[] = [];
  const folded: unknown[] = [];
  let added = 0;
  const sentence: ListFold<string> = {
    initial: () => '',
    add: (said, word) => (added++, `${said}${JSON.stringify(word)} `),
  };
  const listReader = setup({
    types: {} as { events: Signal },
    actors: {
      listen: effect(async (_: unknown, scope) => {
        received.push(await scope.list('said'));
        folded.push(await scope.fold?.('said', sentence));
      }),
    },
    actions: { append: (_, _params: { list: string; entry: string }) => {} },
  }).createMachine({
    id: 'said',
    initial: 'quiet',
    states: {
      quiet: {
        on: {
          say: {
            target: 'listening',
            actions: { type: 'append', params: ({ event }) => ({ list: 'said', entry: String(event.word) }) },
          },
        },
      },
      listening: { invoke: { src: 'listen', id: 'listen', onDone: 'quiet', onError: 'quiet' } },
    },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(listReader));
  await testProcess.signal(address, { type: 'say', word: 'one' });
  await testProcess.signal(address, { type: 'say', word: 'two' });
  // What was computed of a list is kept: each entry was added once.
  expect(added).toBe(2);
  await testProcess.resume(type(listReader));
  await testProcess.signal(address, { type: 'say', word: 'three' });
  expect(received).toEqual([['one'], ['one', 'two'], ['one', 'two', 'three']]);
  expect(folded).toEqual(['"one" ', '"one" "two" ', '"one" "two" "three" ']);
});

test('a list that cannot be read fails the effect that asked for it, not the process; the next effect reads it again', async () => {
  const testProcess = new TestProcess();
  const read = testProcess.journal.list.bind(testProcess.journal);
  let unavailable = true;
  testProcess.journal.list = (...args) =>
    unavailable ? Promise.reject(new TroupeError('corrupt', 'damaged')) : read(...args);
  const machine = type(worker(effect(async (_: unknown, scope) => (await scope.list('said')).length)));
  const address = await testProcess.start(machine, null, 'r1', 5);
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).context).toMatchObject({ failed: { kind: 'corrupt' } });
  unavailable = false;
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).context).toMatchObject({ got: 5 });
});
