/** A context is stored as plain JSON. Of one that was stored before only what changed is looked at, and all of that. */
import { expect, test } from 'vitest';
import { saveContext } from '../../src/core/savedContext.ts';

const owner = { address: 'agent/a', parent: undefined };
const before = { running: { one: { since: 1 }, two: { since: 2 } }, list: [1, 2] };
const next = (change: object) => () => saveContext({ ...before, ...change }, owner, saveContext(before, owner));

test('what a step changes deep inside a context is checked, beside what is as it was', () => {
  const { running, list } = before;
  expect(next({ running: { ...running, three: { since: 3 } } })).not.toThrow();
  expect(next({ running: { ...running, two: { since: new Date(0) } } })).toThrow('"running.two.since" is a Date');
  expect(next({ running: { ...running, three: () => {} } })).toThrow('"running.three" is a function');
  expect(next({ list: [...list, undefined] })).toThrow('"list[2]" is undefined');
  expect(next({ list: [...list, NaN] })).toThrow('"list[2]" is NaN');
});

test('a record of other objects is looked through, though its keys are the same', () => {
  expect(next({ running: { one: new Map(), two: { since: 2 } } })).toThrow('"running.one" is a Map');
});
