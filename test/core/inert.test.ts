/** A step is a calculation: nothing is started or done by it, and what it saves is plain data. */
import { expect, test } from 'vitest';
import { fromPromise, setup, type AnyStateMachine } from 'xstate';
import { chart } from '../../src/core/chart.ts';

const happened: string[] = [];
const kid = setup({ actions: { note: () => void happened.push('the child was started') } }).createMachine({
  id: 'kid',
  context: { secret: 'of the child' },
  entry: 'note',
});
const parent = setup({
  actors: { kid, work: fromPromise(async () => void happened.push('the effect was performed')) },
  actions: { shout: () => void happened.push('the action was executed') },
  delays: { soon: 1 },
}).createMachine({
  id: 'parent',
  initial: 'idle',
  states: {
    idle: { on: { go: 'busy' } },
    busy: {
      entry: 'shout',
      invoke: [
        { src: 'kid', id: 'kid' },
        { src: 'work', id: 'work' },
      ],
      after: { soon: 'idle' },
    },
  },
}) as unknown as AnyStateMachine;

const stepped = () => {
  const pure = chart(parent);
  const [idle] = pure.initial(undefined);
  const [busy, actions] = pure.step(idle, { type: 'go' });
  return { pure, busy, actions };
};

test('a step starts no child, no effect and no timer, and executes no action: all of them are returned as data', async () => {
  const { busy, actions } = stepped();
  await new Promise((later) => setTimeout(later, 5));
  expect(happened).toEqual([]);
  expect(busy.value).toBe('busy');
  expect(actions.map(({ type }) => type).sort()).toEqual([
    'shout',
    'xstate.raise',
    'xstate.spawnChild',
    'xstate.spawnChild',
  ]);
});

test('a saved snapshot is plain JSON, with the names of the children and nothing of their state', () => {
  const { pure, busy } = stepped();
  const saved = pure.save(busy);
  const { children } = saved as { children: Record<string, unknown> };
  expect(JSON.parse(JSON.stringify(saved))).toEqual(JSON.parse(JSON.stringify(pure.save(pure.restore(saved)))));
  expect(Object.keys(children)).toEqual(['kid', 'work']);
  expect(JSON.stringify(saved)).not.toContain('of the child');
});
