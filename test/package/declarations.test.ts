/** Every name that the package exports, and every field of its types, has a sentence where it is declared. */
import { expect, test } from 'vitest';
import { entries, exportsOf, undocumented } from './declarations.ts';

test('every entry of the package exports something', () => {
  const empty = Object.entries(entries()).filter(([, path]) => exportsOf(path).length === 0);
  // Two entries are set-up files for Vitest: importing them is their use.
  expect(empty.map(([entry]) => entry)).toEqual(['./testing/cover', './testing/vitest']);
});

test.each(Object.entries(entries()))('every name and field that %s exports has a doc comment', (_, path) => {
  expect(undocumented(path)).toEqual([]);
});
