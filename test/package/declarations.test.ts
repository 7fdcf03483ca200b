/** Every name that the package exports, and every field of its types, has a sentence where it is declared. */
import { expect, test } from 'vitest';
import { entries, exportsOf, undocumented } from './declarations.ts';

/** Rooms that are not documented completely yet. A room without a finding must be removed from this list. */
const unfinished: readonly string[] = [
  'actors/',
  'machines/',
  'src/cluster/',
  'src/contracts/',
  'src/core/',
  'src/journal/',
  'src/nats/',
  'src/engine/',
  'src/testing/',
];

const isUnfinished = (finding: string) => unfinished.some((place) => finding.startsWith(place));

test('every entry of the package exports something', () => {
  const empty = Object.entries(entries()).filter(([, path]) => exportsOf(path).length === 0);
  // Two entries are set-up files for Vitest: importing them is their use.
  expect(empty.map(([entry]) => entry)).toEqual(['./testing/cover', './testing/vitest']);
});

test.each(Object.entries(entries()))('every name and field that %s exports has a doc comment', (_, path) => {
  expect(undocumented(path).filter((finding) => !isUnfinished(finding))).toEqual([]);
});

test('the list of rooms with missing doc comments has no complete room', () => {
  const findings = Object.values(entries()).flatMap(undocumented);
  expect(unfinished.filter((place) => !findings.some((finding) => finding.startsWith(place)))).toEqual([]);
});
