/** Ids of artifacts: no two artifacts of a run have one id, and those that earlier versions have stored are read. */
import { expect, test } from 'vitest';
import { artifactId, prefixOf, savedArtifactId } from '../../src/flow/artifactId.ts';

test('calls and names with slashes and escapes in them have ids of their own', () => {
  const ids = [
    artifactId('', 'a', 'b/c'),
    artifactId('', 'a/b', 'c'),
    artifactId('a/', 'b', 'c'),
    artifactId('', 'a', 'b%2Fc'),
    artifactId('', 'a%2Fb', 'c'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  expect(artifactId('draft/', 'write', 'notes.md')).toBe('draft/write/notes.md');
});

test.each([
  ['as it is written now', 'outer/a%2Fb/c%25d', 'a/b', 'c%d', 'outer/'],
  ['as it was written before', 'outer/a/b/c%d', 'a/b', 'c%d', 'outer/'],
  ['without a slash', 'a/b', 'a', 'b', ''],
  ['before, at the root', 'a/b/c', 'a', 'b/c', ''],
])('what was saved has one id: %s', (_, id, call, name, prefix) => {
  expect(savedArtifactId({ id, call, name })).toBe(artifactId(prefix, call, name));
  expect(prefixOf({ id, call, name })).toBe(prefix);
});
