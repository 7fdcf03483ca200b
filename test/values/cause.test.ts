/** What was thrown, as a text: an error says its message, and anything else says what it is. */
import { expect, test } from 'vitest';
import { errorMessage } from '../../src/values/cause.ts';

test.each([
  [new TypeError('no screws'), 'no screws'],
  ['just text', 'just text'],
  [undefined, 'undefined'],
  [{ code: 42, message: 'no paper' }, 'no paper'],
  [{ status: 401, token: 'sesame' }, 'an object with the keys status, token'],
  [{}, '[object Object]'],
  [[1, 2], '1,2'],
  [Object.create(null) as object, '[object Object]'],
])('%o is told as %s', (thrown, says) => {
  expect(errorMessage(thrown)).toBe(says);
});
