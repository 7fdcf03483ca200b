/** A copy of a machine that shares its state nodes steps as one that XState has built anew, and leaves the original alone. */
import { expect, test } from 'vitest';
import {
  and,
  assign,
  fromPromise,
  initialTransition,
  setup,
  spawnChild,
  transition,
  type AnyStateMachine,
} from 'xstate';
import { lightCopy } from '../../src/core/lightCopy.ts';
import { validateMachine } from '../../src/core/validateMachine.ts';

const one = fromPromise(async () => 1);
const two = fromPromise(async () => 2);
const machine = setup({
  types: {} as { context: { n: number }; events: { type: 'go' } | { type: 'back' } },
  actors: { work: one, other: one },
  guards: { isFirst: ({ context }) => context.n === 0 },
  actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  delays: { pause: 10 },
}).createMachine({
  id: 'm',
  context: { n: 0 },
  initial: 'a',
  states: {
    a: { on: { go: { guard: 'isFirst', target: 'b', actions: 'count' } } },
    b: {
      type: 'parallel',
      invoke: { src: 'work', id: 'work' },
      states: { left: {}, right: { after: { pause: '#m.c' }, on: { back: '#m.a' } } },
    },
    c: { initial: 'in', states: { in: {}, past: { type: 'history' } } },
  },
});
const copies: Record<string, AnyStateMachine> = {
  'a copy': lightCopy(machine, { actors: { work: two } }),
  'a copy of a copy': lightCopy(lightCopy(machine, { actors: { work: one } }), { actors: { work: two } }),
};

test.each(Object.entries(copies))('%s steps as a machine that was provided with the same', (_, copy) => {
  const provided = machine.provide({ actors: { work: two } }) as AnyStateMachine;
  const after = (subject: AnyStateMachine) => {
    const [first] = initialTransition(subject, undefined);
    const [there, actions] = transition(subject, first, { type: 'go' });
    const saved = JSON.parse(JSON.stringify(subject.getPersistedSnapshot(there))) as never;
    // The scope of a step is of no interest to a machine without children to restore.
    const restored = subject.restoreSnapshot({ ...(saved as object), children: {} } as never, {} as never);
    return [saved, actions.map(({ type }) => type), restored.value, restored.machine === subject];
  };
  expect(after(copy)).toEqual(after(provided));
  expect(copy.implementations.actors).toEqual(provided.implementations.actors);
});

test('the original keeps its actors and its options', () => {
  const copy = lightCopy(machine, { actors: { work: two } });
  copy.options = { ...copy.options, maxIterations: 7 };
  expect(machine.implementations.actors).toEqual({ work: one, other: one });
  expect(machine.options.maxIterations).toBe(Infinity);
  expect(initialTransition(machine)[0].machine).toBe(machine);
});

test('a copy is judged by what it declares, also when the original was judged before', () => {
  validateMachine(machine);
  const withSystemId = spawnChild('other', { id: 'other', systemId: 'global' });
  const child = lightCopy(machine, { actions: { count: withSystemId as never } });
  expect(() => validateMachine(child)).toThrow(/systemId \("global"\) is not supported/);
  const bare = lightCopy(machine, { guards: { isFirst: and(['isUnknown']) as never } });
  expect(() => validateMachine(bare)).toThrow(/the guard "isUnknown" is not declared/);
  expect(() => validateMachine(lightCopy(machine, {}))).not.toThrow();
});

test('the states of an unsound machine are judged each time', () => {
  const unsound = setup({}).createMachine({ id: 'u', initial: 'a', states: { a: { entry: 'unheard' as never } } });
  for (const judged of [unsound, lightCopy(unsound, {}), unsound])
    expect(() => validateMachine(judged)).toThrow(/the action "unheard" is not declared/);
});

test('a copy has the implementations it was given beside those of the original', () => {
  const isFirst = () => false;
  const copy = lightCopy(machine, { guards: { isFirst }, delays: { pause: 20 } });
  const [first] = initialTransition(copy);
  expect(transition(copy, first, { type: 'go' })[0].value).toBe('a');
  expect(copy.implementations.delays).toEqual({ pause: 20 });
  expect(transition(machine, initialTransition(machine)[0], { type: 'go' })[0].value).toEqual({
    b: { left: {}, right: {} },
  });
});
