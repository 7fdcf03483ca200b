/** In which orders a check lets things happen: any between commits, and one only between two actors. */
import { expect, test } from 'vitest';
import { machine } from 'troupe';
import { check } from 'troupe/check';
import { assign, sendParent, sendTo, setup } from 'xstate';

type Said = { readonly type: 'one' | 'two' | 'hello' };
const quiet = { faults: { drop: 0, dup: 0, crash: 0 } } as const;

/** Says its words to its parent, one after the other, as soon as it is there. */
const speaker = (id: string, ...words: Said['type'][]) =>
  setup({
    actions: { one: sendParent({ type: 'one' }), two: sendParent({ type: 'two' }) },
  }).createMachine({ id, initial: 'spoken', states: { spoken: { entry: words as 'one'[], type: 'final' } } });

/** Breaks when it hears "two" before "one". */
function listener(speakers: Readonly<Record<string, ReturnType<typeof speaker>>>) {
  const inner = setup({
    types: {} as { events: Said },
    actors: speakers,
    actions: {
      break: assign(() => {
        throw new Error('two came before one');
      }),
    },
  }).createMachine({
    id: 'listener',
    initial: 'waiting',
    invoke: Object.keys(speakers).map((name) => ({ src: name, id: name, onDone: {}, onError: {} })),
    states: {
      waiting: { on: { one: 'half', two: { actions: 'break' } } },
      half: { on: { two: 'done' } },
      done: { type: 'final' },
    },
  });
  // Below a root, so that no client can say its words.
  return machine(
    setup({ actors: { inner } }).createMachine({
      id: 'root',
      initial: 'on',
      states: {
        on: { invoke: { src: 'inner', id: 'inner', onDone: 'done', onError: 'done' } },
        done: { type: 'final' },
      },
    }),
  );
}

test('messages of two actors are explored in both orders, those of one actor in the order of sending', async () => {
  const of = async (speakers: Parameters<typeof listener>[0]) =>
    (await check(listener(speakers), quiet)).findings.map(({ kind, says }) => [kind, says.includes('two came')]);
  expect(await of({ both: speaker('both', 'one', 'two') })).toEqual([]);
  expect(await of({ a: speaker('a', 'one'), b: speaker('b', 'two') })).toContainEqual(['broken', true]);
});

test('a child exists as soon as the commit that starts it: no message to it arrives too early', async () => {
  const child = setup({ types: {} as { events: Said } }).createMachine({
    id: 'child',
    initial: 'waiting',
    states: { waiting: { on: { hello: 'greeted' } }, greeted: { type: 'final' } },
  });
  const parent = setup({ actors: { child }, actions: { greet: sendTo('child', { type: 'hello' }) } }).createMachine({
    id: 'parent',
    initial: 'on',
    states: {
      on: { entry: 'greet', invoke: { src: 'child', id: 'child', onDone: 'done', onError: 'done' } },
      done: { type: 'final' },
    },
  });
  expect((await check(machine(parent), quiet)).findings).toEqual([]);
});
