/** What has no name, or one that is not declared, is refused when a type is defined: it could not be shown, migrated or resumed. */
import { expect, test } from 'vitest';
import { setup, spawnChild, type AnyStateMachine } from 'xstate';
import { effect, machine } from 'troupe';

const work = effect(async () => null);
const kid = setup({}).createMachine({ id: 'kid' });

test.each<[string, object, string]>([
  ['a guard without a name', { on: { go: { guard: () => true, target: undefined } } }, 'a guard has no name'],
  ['an action without a name', { entry: () => {} }, 'an action has no name'],
  ['an effect without a name', { invoke: { src: work, id: 'work' } }, 'what "work" invokes has no name'],
  ['a child without a name', { entry: spawnChild(kid, { id: 'kid' } as never) }, 'what it spawns has no name'],
  [
    'a guard that is not declared',
    { on: { go: { guard: 'lost', target: undefined } } },
    'the guard "lost" is not declared',
  ],
  ['an action that is not declared', { entry: 'lost' }, 'the action "lost" is not declared'],
  [
    'a delay that is not declared',
    { initial: 'a', states: { a: { after: { lost: 'b' } }, b: {} } },
    'the delay "lost" is not declared',
  ],
])('%s is refused', (_, config, says) => {
  const nameless = setup({}).createMachine({ id: 'nameless', ...config } as never) as unknown as AnyStateMachine;
  expect(() => machine(nameless)).toThrow(
    expect.objectContaining({ kind: 'definition', message: expect.stringContaining(says) as string }),
  );
});

test('what a child machine has without a name is refused when its parent is defined, before a child starts', () => {
  const nameless = setup({}).createMachine({ id: 'nameless', entry: () => {} } as never) as unknown as AnyStateMachine;
  const parent = setup({ actors: { nameless } }).createMachine({
    id: 'parent',
    on: { go: { actions: spawnChild('nameless', { id: 'late' }) } },
  });
  expect(() => machine(parent as never)).toThrow(
    expect.objectContaining({
      kind: 'definition',
      message: expect.stringContaining('an action has no name') as string,
    }),
  );
});
