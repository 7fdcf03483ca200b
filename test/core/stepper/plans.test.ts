/** What is known of a machine is made once, shared by its copies, and bounded. */
import { expect, test } from 'vitest';
import { setup, type AnyStateMachine } from 'xstate';
import { chart } from '../../../src/core/chart.ts';
import { lightCopy } from '../../../src/core/lightCopy.ts';
import { Configurations } from '../../../src/core/stepper/configurations.ts';
import { plannerOf } from '../../../src/core/stepper/planner.ts';
import { snapshotNodes } from '../../../src/core/stepper/xstate.ts';
import { expectSameWalk } from './walk.ts';

const region = { initial: 'a', states: { a: { on: { '*': 'b' } }, b: { on: { '*': 'a' } } } } as const;
const machine = setup({}).createMachine({
  id: 'many',
  type: 'parallel',
  states: { one: region, two: region },
}) as unknown as AnyStateMachine;

test('actors of one machine share their state values, and no observer can change them', () => {
  const [one] = chart(machine).initial(undefined);
  const [other] = chart(lightCopy(machine, {})).initial(undefined);
  expect(other.value).toBe(one.value);
  expect(() => Object.assign(one.value as object, { one: 'b' })).toThrow(TypeError);
});

test('a machine that gets events of ever new types steps as before', () => {
  const own = chart(machine);
  let [snapshot] = own.initial(undefined);
  for (let n = 0; n < 20_100; n++) [snapshot] = own.step(snapshot, { type: `never heard ${n}` });
  expect(snapshot.value).toEqual({ one: 'a', two: 'a' });
  expectSameWalk(machine, undefined, [{ type: 'x' }, { type: 'y' }, { type: 'x' }]);
});

test('events whose types no state names share what is known of them, however many there are', () => {
  const counting = setup({}).createMachine({
    id: 'counting',
    on: { 'item.done.*': {}, 'item.*': {}, 'item.done.last': {}, '*': {} },
  }) as unknown as AnyStateMachine;
  const planner = plannerOf(counting.root);
  const configuration = planner.configuration(snapshotNodes(chart(counting).initial(undefined)[0]));
  const known = (type: string) => planner.candidates(configuration, type);
  // XState's own transitions say for which events they are.
  const eventsOf = (type: string) =>
    known(type).own.map((transition) => (transition as unknown as { eventType: string }).eventType);
  expect(known('item.done.1')).toBe(known('item.done.2'));
  expect(eventsOf('item.done.1')).toEqual(['item.done.*', 'item.*', '*']);
  expect(eventsOf('item.done.last')).toEqual(['item.done.last', 'item.done.*', 'item.*', '*']);
  expect(eventsOf('items.done')).toEqual(['*']);
  expect(eventsOf('item')).toEqual(['item.*', '*']);
});

test('what is known of a machine is forgotten when it is too much, and made again', () => {
  const known = new Configurations(machine.root, 3);
  const nodes = snapshotNodes(machine.resolveState({ value: { one: 'a', two: 'a' }, context: {} }));
  const first = known.of(nodes);
  expect(known.of([...nodes])).toBe(first);
  for (const value of [1, 2, 3])
    known.remember(first.candidates, `${value}`, { node: machine.root, own: [], inner: [] });
  const second = known.of([...nodes]);
  expect(second).not.toBe(first);
  expect(second.value).toEqual(first.value);
});
