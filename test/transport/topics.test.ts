import { expect, test } from 'vitest';
import { topicTree } from '../../src/transport/topics.ts';

test('matching a topic costs time for its length, not for the number of other subscriptions', () => {
  const tree = topicTree<number>();
  for (let n = 0; n < 50_000; n++) tree.add(`agent.a${n}.thought`, n);
  tree.add('agent.*.thought', -1);
  expect(tree.match('agent.a777.thought').map(({ value }) => value)).toEqual([777, -1]);
});

test('disposed subscriptions leave nothing behind', () => {
  const tree = topicTree<string>();
  const long = tree.add('a.b.c', 'long');
  tree.add('a.b', 'short');
  long[Symbol.dispose]();
  expect(tree.match('a.b.c')).toEqual([]);
  expect(tree.match('a.b').map(({ value }) => value)).toEqual(['short']);
});

test('a subscription that is disposed twice does not take with it one that came after', () => {
  const tree = topicTree<string>();
  const first = tree.add('a.b', 'first');
  first[Symbol.dispose]();
  tree.add('a.b', 'second');
  first[Symbol.dispose]();
  expect(tree.match('a.b').map(({ value }) => value)).toEqual(['second']);
});
