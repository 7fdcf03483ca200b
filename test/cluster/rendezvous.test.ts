/** Placement of runs: every node computes the same owner, shares follow the weights, and as few runs as possible move. */
import { expect, test } from 'vitest';
import { rankCandidates } from '../../src/cluster/rendezvous.ts';

const runs = Array.from({ length: 6_000 }, (_, n) => `job-${n}`);
const nodes = ['a', 'b', 'c', 'd'].map((name) => ({ name, weight: 1 }));
const ownerOf = (run: string, among = nodes) => rankCandidates(run, among)[0]!;

test('every node computes the same order, whatever the order in which it learned of the others', () => {
  for (const run of runs.slice(0, 100))
    expect(rankCandidates(run, nodes.toReversed())).toEqual(rankCandidates(run, nodes));
});

test('when a node leaves, only its own runs move, and when it is back they return', () => {
  const remaining = nodes.filter(({ name }) => name !== 'c');
  for (const run of runs) if (ownerOf(run) !== 'c') expect(ownerOf(run, remaining)).toBe(ownerOf(run));
  const newOwners = new Set(runs.filter((run) => ownerOf(run) === 'c').map((run) => ownerOf(run, remaining)));
  expect([...newOwners].sort()).toEqual(['a', 'b', 'd']);
});

test.each([
  [
    [1, 1, 1, 1],
    [1_500, 1_500, 1_500, 1_500],
  ],
  [
    [3, 1, 1, 1],
    [3_000, 1_000, 1_000, 1_000],
  ],
  [
    [0.5, 0.5, 1, 4],
    [500, 500, 1_000, 4_000],
  ],
])('weights %j give shares of 6,000 runs of %j', (weights, expected) => {
  const weighted = nodes.map(({ name }, n) => ({ name, weight: weights[n]! }));
  const counts = nodes.map(({ name }) => runs.filter((run) => ownerOf(run, weighted) === name).length);
  counts.forEach((count, n) => expect(Math.abs(count - expected[n]!)).toBeLessThan(160));
});

test('without nodes a run has no owner', () => {
  expect(rankCandidates('job', [])).toEqual([]);
});
