/** Every transition of every machine of this project, by its shortest path, with the snapshot saved and restored before every event. */
import { test } from 'vitest';
import { paths } from 'troupe/testing';
import { dose } from '../dose.ts';
import { cases } from './case.ts';

/** Breadth first reaches all states early; the laws explore further, to the end. */
const limit = dose(200, 2_000);

const found = cases.map(({ name, machine, input, events, key }) => ({
  name,
  ways: paths(machine, { input, events, key, to: 'transitions', limit }),
}));

for (const name of new Set(cases.map((each) => each.name))) {
  // The sides of a machine share one chart: a state that one side cannot reach is reached by another.
  const [first = [], ...others] = found.filter((each) => each.name === name).map(({ ways }) => ways);
  const ways = first.map(
    (way, index) => [way, ...others.map((side) => side[index]!)].find(({ found }) => found) ?? way,
  );
  for (const way of ways) test(`${name} ${way.says}`, () => way.test());
}
