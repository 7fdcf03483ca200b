/** Who should have a run: the same answer everywhere, fair by weight, and as few moves as there can be. */
import { expect, test } from 'vitest';
import { rankCandidates } from '../../src/cluster/rendezvous.ts';

const runs = Array.from({ length: 6_000 }, (_, n) => `job-${n}`);
const nodes = ['a', 'b', 'c', 'd'].map((name) => ({ name, weight: 1 }));
const best = (run: string, among = nodes) => rankCandidates(run, among)[0]!;

test('every node comes to the same order, however it hears of the others', () => {
  for (const run of runs.slice(0, 100))
    expect(rankCandidates(run, nodes.toReversed())).toEqual(rankCandidates(run, nodes));
});

test('when a node goes only its own runs move, and when it is back so are they', () => {
  const left = nodes.filter(({ name }) => name !== 'c');
  for (const run of runs) if (best(run) !== 'c') expect(best(run, left)).toBe(best(run));
  const heirs = new Set(runs.filter((run) => best(run) === 'c').map((run) => best(run, left)));
  expect([...heirs].sort()).toEqual(['a', 'b', 'd']);
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
])('weights %j share 6,000 runs as %j', (weights, expected) => {
  const weighed = nodes.map(({ name }, n) => ({ name, weight: weights[n]! }));
  const counts = nodes.map(({ name }) => runs.filter((run) => best(run, weighed) === name).length);
  counts.forEach((count, n) => expect(Math.abs(count - expected[n]!)).toBeLessThan(160));
});

test('nobody there: nobody has it', () => {
  expect(rankCandidates('job', [])).toEqual([]);
});
