/** Every transition of every machine of this project, by its shortest path, with the snapshot saved and restored before every event. */
import { test } from 'vitest';
import { paths } from 'troupe/testing';
import { dose } from '../dose.ts';
import { cases } from './case.ts';

/** Breadth first reaches all states early; the laws explore further, to the end. */
const limit = dose(200, 2_000);

const found = cases.map(({ name, variantOf, machine, input, events, key }) => ({
  name,
  variantOf,
  ways: paths(machine, { input, events, key, to: 'transitions', limit }),
}));

/** What a path is for, found or not. */
const targetOf = ({ says }: { readonly says: string }) => says.replace(': no path found', '');
/** What the paths of a chart are for. */
const targetsOf = (name: string | undefined) =>
  new Set(found.filter((each) => each.name === name).flatMap(({ ways }) => ways.map(targetOf)));

for (const name of new Set(cases.map((each) => each.name))) {
  // The sides of a machine share one chart: a state that one side cannot reach is reached by another.
  const [first = [], ...others] = found.filter((each) => each.name === name).map(({ ways }) => ways);
  const ways = first.map(
    (way, index) => [way, ...others.map((side) => side[index]!)].find(({ found }) => found) ?? way,
  );
  const known = targetsOf(found.find((each) => each.name === name)?.variantOf);
  for (const way of ways) if (!known.has(targetOf(way))) test(`${name} ${way.says}`, () => way.test());
}
