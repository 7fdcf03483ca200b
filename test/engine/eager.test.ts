/** An eager effect is performed before the commit that asks for it is stored, and its result is a step of the same write. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import type { EffectScope, ListFold } from '../../src/contracts/effect.ts';
import { journals, stepByStep, type JournalKind } from './journals.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

type Read = (scope: EffectScope) => Promise<string>;

/** Adds a word to a list, and keeps what the effect makes of the list. */
const keeper = (read: Read) =>
  setup({
    types: {} as { context: { heard: string }; events: Signal },
    actors: { read: effect<string, null>((_, scope) => read(scope), { kind: 'pure', eager: true }) },
    actions: {
      append: (_, _params: { list: string; entry: string }) => {},
      hear: assign({ heard: ({ event }) => (event as unknown as { output: string }).output }),
    },
  }).createMachine({
    id: 'keeper',
    context: { heard: '' },
    initial: 'idle',
    states: {
      idle: {
        on: {
          say: {
            target: 'reading',
            actions: { type: 'append', params: ({ event }) => ({ list: 'said', entry: String(event.word) }) },
          },
        },
      },
      reading: { invoke: { src: 'read', id: 'read', input: null, onDone: { target: 'idle', actions: 'hear' } } },
    },
  });

const textOf = (word: unknown): string => (typeof word === 'string' ? word : JSON.stringify(word));
const sentence: ListFold<string> = { initial: () => '', add: (words, word) => `${words} ${textOf(word)}` };
const wordsOf: Read = async ({ list, fold }) =>
  `${(await list('said')).map(textOf).join(' ')} =${await fold?.('said', sentence)}`;

/** The journal, and what was stored in it at once. */
function recorded(inner: Journal): { journal: Journal; stored: string[] } {
  const stored: string[] = [];
  const words = ({ event }: Commit) => event.type;
  const journal = overrideMethods(inner, {
    commit: async (commit) => (await inner.commit(commit), void stored.push(words(commit))),
    commitAll: async (commits) => (await inner.commitAll?.(commits), void stored.push(commits.map(words).join(' + '))),
  });
  return { journal, stored };
}
const done = 'xstate.done.actor.read';

test.each(Object.keys(journals) as JournalKind[])(
  'its result is stored with the step that asks for it, and it reads what that step adds: %s',
  async (kind) => {
    const clock = new TestProcess().clock;
    await using inner = await journals[kind](clock);
    const { journal, stored } = recorded(inner);
    const testProcess = new TestProcess({ journal, clock });
    const subject = type(keeper(wordsOf));
    const address = await testProcess.start(subject);
    const say = (word: string) => testProcess.signal(address, { type: 'say', word });
    const heard = async () => (await testProcess.row(address)).context.heard;
    await say('a');
    await say('b');
    expect(await heard()).toBe('a b = a b');
    // Another process reads what is stored, and then what is about to be.
    await testProcess.resume(subject);
    await say('c');
    expect(await heard()).toBe('a b c = a b c');
    await say('d');
    expect(await heard()).toBe('a b c d = a b c d');
    expect(stored).toEqual(['xstate.init', ...Array<string>(4).fill(`say + ${done}`)]);
    expect(await journal.list(address, 'said')).toEqual(['a', 'b', 'c', 'd']);
    testProcess.host.abandon();
  },
);

test('once its result is taken it is not told to stop', async () => {
  let signal: AbortSignal | undefined;
  const testProcess = new TestProcess();
  const address = await testProcess.start(
    type(
      keeper((scope) => {
        signal = scope.signal;
        return wordsOf(scope);
      }),
    ),
  );
  await testProcess.signal(address, { type: 'say', word: 'a' });
  expect((await testProcess.row(address)).context).toEqual({ heard: 'a = a' });
  expect(signal?.aborted).toBe(false);
});

test('where steps are stored one by one it is performed as any other', async () => {
  const { journal, stored } = recorded(memory());
  const testProcess = new TestProcess({ journal: stepByStep(journal) });
  const address = await testProcess.start(type(keeper(wordsOf)));
  await testProcess.signal(address, { type: 'say', word: 'a' });
  expect(stored).toEqual(['xstate.init', 'say', done]);
});

/** Gives the word after a second. */
const slowly: Read = ({ clock, signal }) =>
  new Promise((resolve, reject) => {
    clock.wake(clock.now() + 1_000, () => resolve('late'));
    signal.addEventListener('abort', () => reject(new Error('stopped')));
  });
const startsOf = ({ inspections }: TestProcess) =>
  inspections.filter((event) => event.type === 'effect.started').length;

test('one that takes longer keeps nothing waiting: its result comes by itself, and it is performed once', async () => {
  const { journal, stored } = recorded(memory());
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(keeper(slowly)));
  const told = testProcess.signal(address, { type: 'say', word: 'a' });
  await settle();
  await testProcess.advance(10);
  await told;
  expect(stored).toEqual(['xstate.init', 'say']);
  await testProcess.advance(1_000);
  expect(stored).toEqual(['xstate.init', 'say', done]);
  expect((await testProcess.row(address)).context).toEqual({ heard: 'late' });
  expect(startsOf(testProcess)).toBe(1);
});

test('a message that was handled before adds nothing to what it reads', async () => {
  const { journal } = recorded(memory());
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(keeper(wordsOf)));
  for (let times = 0; times < 3; times++)
    await testProcess.signal(address, { type: 'say', word: 'a' }, { id: 'the same' });
  await testProcess.signal(address, { type: 'say', word: 'b' });
  expect((await testProcess.row(address)).context).toEqual({ heard: 'a b = a b' });
});

test('an actor that is told to stop meanwhile stops', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(keeper(slowly)));
  const told = testProcess.signal(address, { type: 'say', word: 'a' });
  await settle();
  testProcess.host.actor(address)?.stop('enough');
  await testProcess.advance(10);
  await told;
  await testProcess.advance(2_000);
  expect(await testProcess.row(address)).toMatchObject({ status: 'stopped', context: { heard: '' } });
});
