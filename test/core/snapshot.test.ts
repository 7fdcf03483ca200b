/** E11: a snapshot says which machine wrote it; another version uses it when it fits, migrates it, or refuses it unchanged and says what does not fit. */
import { expect, test } from 'vitest';
import { assign, setup, type AnyStateMachine } from 'xstate';
import * as z from 'zod';
import { effect } from '../../actors/effect.ts';
import type { Json, JsonObject } from '../../src/values/json.ts';
import type { ActorTypeOptions } from '../../src/core/actorType.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { journals } from '../engine/journals.ts';
import type { Signal } from '../engine/machines.ts';
import { TestProcess, type } from '../engine/testProcess.ts';

interface Version {
  id?: string;
  waiting?: string;
  context?: JsonObject;
  delay?: string;
  slot?: string;
  more?: boolean;
  options?: ActorTypeOptions;
}

/** One machine in several versions; options that are not given are as in the first version. */
const version = ({
  id = 'doc',
  waiting = 'waiting',
  context = { title: 'x' },
  delay = 'patience',
  slot = 'read',
  more = false,
  options = {},
}: Version = {}) =>
  type(
    setup({
      types: {} as { context: JsonObject; events: Signal },
      actors: { [slot]: effect(() => new Promise<Json>(() => {})) },
      delays: { [delay]: 1_000 },
    }).createMachine({
      id,
      context,
      initial: waiting,
      states: {
        [waiting]: {
          invoke: { src: slot, id: 'reader', onDone: 'done', onError: 'done' },
          after: { [delay]: 'done' },
          on: { next: 'done' },
        },
        done: {},
        ...(more ? { extra: {} } : {}),
      },
    } as never) as unknown as AnyStateMachine,
    { name: 'doc', ...options },
  );

async function written(by: Version = {}) {
  const testProcess = new TestProcess();
  const address = await testProcess.start(version(by));
  const before = await testProcess.journal.load(address);
  return {
    testProcess,
    address,
    /** Loads the stored actor with another version of the machine. */
    read: async (loadedBy: Version) => {
      await testProcess.resume(version(loadedBy));
      return testProcess.row(address);
    },
    untouched: async () => expect(await testProcess.journal.load(address)).toEqual(before),
  };
}

test('a version with more states uses the snapshot unchanged', async () => {
  const { read } = await written();
  expect(await read({ more: true })).toMatchObject({ state: 'waiting' });
});

test.each([
  ['a state that is gone', { waiting: 'pending' }, 'state "waiting" is not in "doc" (pending, done)'],
  [
    'a key the context lacks',
    { context: { title: 'x', pages: 0 } },
    'context has no "pages", which the machine now starts with',
  ],
  ['another machine', { id: 'report' }, 'it is a snapshot of the machine "doc"'],
  ['a slot that is gone while it runs', { slot: 'fetch' }, '"reader" is running, and its actor "read" is gone'],
  [
    'a timer that no state waits for',
    { delay: 'hope' },
    'the timer "xstate.after.patience.doc.waiting" is running, and no active state waits for it any more',
  ],
  ['a context that breaks its schema', { options: { context: z.object({ title: z.number() }) } }, 'context.title: '],
])('%s pins the run, and the message names it', async (_, loadedBy, problem) => {
  const { read, untouched } = await written();
  await expect(read(loadedBy)).rejects.toMatchObject({
    kind: 'incompatible',
    message: expect.stringContaining(problem) as string,
  });
  await untouched();
});

test('after a refusal the run has no owner, and the right version can continue it', async () => {
  const { testProcess, read, address } = await written();
  await expect(read({ waiting: 'pending' })).rejects.toMatchObject({ kind: 'incompatible' });
  expect(testProcess.host.owns('r1')).toBe(false);
  expect(await read({})).toMatchObject({ state: 'waiting' });
  await testProcess.signal(address, { type: 'next' });
  expect((await testProcess.row(address)).state).toBe('done');
});

test('a migration gets the stored snapshot and the hash of the machine that wrote it, and its result is checked', async () => {
  const { read, testProcess, address } = await written();
  const given: unknown[] = [];
  const migrate = (to: string) => (snapshot: Json, from: string) => {
    given.push((snapshot as JsonObject).value, from);
    return { ...(snapshot as JsonObject), value: to };
  };
  await expect(read({ waiting: 'pending', options: { migrate: migrate('nowhere') } })).rejects.toThrow(
    'after migrate: state "nowhere" is not in "doc" (pending, done)',
  );
  await read({ waiting: 'pending', options: { migrate: migrate('pending') } });
  expect(given).toEqual(['waiting', version().hash, 'waiting', version().hash]);
  await testProcess.signal(address, { type: 'next' });
  expect((await testProcess.row(address)).state).toBe('done');
});

test.each([null, 'nothing', [], undefined])('a migration that gives %j is one that does not fit', async (given) => {
  const { read } = await written();
  await expect(read({ waiting: 'pending', options: { migrate: () => given as Json } })).rejects.toMatchObject({
    kind: 'incompatible',
    message: expect.stringContaining('after migrate: it gave no snapshot') as string,
  });
});

test('after a restart a machine has the same keys in its context, also those that are undefined', async () => {
  const keeper = type(
    setup({
      types: {} as { context: { title: string; note: string | undefined; keys: string[] }; events: Signal },
      actions: { look: assign({ keys: ({ context }) => Object.keys(context).sort() }) },
    }).createMachine({
      id: 'keeper',
      context: { title: 'x', note: undefined, keys: [] },
      on: { look: { actions: 'look' } },
    }),
  );
  const clock = virtualClock();
  // JSON has no undefined, and a file holds JSON.
  const testProcess = new TestProcess({ clock, journal: await journals.sqlite() });
  const address = await testProcess.start(keeper);
  await testProcess.resume(keeper);
  await testProcess.signal(address, { type: 'look' });
  expect((await testProcess.row(address)).context).toEqual({ title: 'x', keys: ['keys', 'note', 'title'] });
});

test('a context key that was set to undefined is kept after a restart, and counts as present', async () => {
  const { read } = await written({ context: { title: 'x', note: undefined as unknown as Json } });
  expect(await read({ context: { title: 'x', note: 'n' } })).toMatchObject({ state: 'waiting' });
});

test('a machine with changed code has the same hash; a changed context schema changes the hash', () => {
  expect(version().hash).toBe(version({ context: { title: 'y' } }).hash);
  const schema = (shape: z.ZodType) => version({ options: { context: shape } }).hash;
  expect(schema(z.object({ title: z.string() }))).not.toBe(schema(z.object({ title: z.string(), pages: z.number() })));
});

test.each<[string, Json, string]>([
  ['something else', 'not a snapshot', 'corrupt'],
  ['another format', { format: 2, machine: 'doc', hash: 'x', state: {} }, 'incompatible'],
  [
    'a state called __proto__',
    { format: 1, machine: 'doc', hash: 'x', state: { value: '__proto__', status: 'active', context: { title: 'x' } } },
    'incompatible',
  ],
  [
    'no status',
    { format: 1, machine: 'doc', hash: 'x', state: { value: 'waiting', context: { title: 'x' } } },
    'incompatible',
  ],
  [
    'two states at once',
    {
      format: 1,
      machine: 'doc',
      hash: 'x',
      state: { value: { waiting: {}, done: {} }, status: 'active', context: { title: 'x' } },
    },
    'incompatible',
  ],
  [
    'no context',
    { format: 1, machine: 'doc', hash: 'x', state: { value: 'waiting', status: 'active' } },
    'incompatible',
  ],
])('%s instead of a snapshot is refused, not run', async (_, snapshot, kind) => {
  const { testProcess, address, read } = await written();
  const load = testProcess.journal.load.bind(testProcess.journal);
  testProcess.journal.load = async (actor) => {
    const stored = await load(actor);
    return stored && actor === address ? { ...stored, snapshot } : stored;
  };
  await expect(read({})).rejects.toMatchObject({ kind });
});

test('a stored history that leads to a removed state pins the run', async () => {
  const radio = (station: string) =>
    type(
      setup({ types: {} as { events: Signal } }).createMachine({
        id: 'radio',
        initial: 'on',
        states: {
          on: {
            initial: 'first',
            on: { off: 'off' },
            states: { first: { on: { tune: station } }, [station]: {}, last: { type: 'history' } },
          },
          off: { on: { on: 'on.last' } },
        },
      } as never) as unknown as AnyStateMachine,
    );
  const testProcess = new TestProcess();
  const address = await testProcess.start(radio('jazz'));
  await testProcess.signal(address, { type: 'tune' });
  await testProcess.signal(address, { type: 'off' });
  await expect(testProcess.resume(radio('rock'))).rejects.toThrow(
    'its history leads back to state "radio.on.jazz", which is gone',
  );
});

test('a child whose snapshot does not fit pins the whole run: no actor continues', async () => {
  const kid = (state: string) => setup({}).createMachine({ id: 'kid', initial: state, states: { [state]: {} } });
  const parentType = (state: string) =>
    type(
      setup({ actors: { kid: kid(state) } }).createMachine({
        id: 'house',
        initial: 'on',
        states: { on: { invoke: { src: 'kid', id: 'kid' } } },
      }),
    );
  const testProcess = new TestProcess();
  await testProcess.start(parentType('old'));
  const commits = (await testProcess.journal.history({})).length;
  await expect(testProcess.resume(parentType('new'))).rejects.toThrow('kid/r1.kid-1 was written by another machine');
  expect(await testProcess.journal.history({})).toHaveLength(commits);
  expect(testProcess.host.actorsOf('r1')).toEqual([]);
});
