/** What was thrown reaches a chart with its kind and its message. */
import { expect, test } from 'vitest';
import { failureOf } from '../../machines/failure.ts';
import { TroupeError } from '../../src/values/failure.ts';

test('an error with a kind keeps its message, which is no property of its own that a copy would take', () => {
  expect(failureOf(new TroupeError('denied', 'Not today.'))).toMatchObject({ kind: 'denied', message: 'Not today.' });
  expect(failureOf({ kind: 'denied', message: 'Not today.', retryable: true })).toEqual({
    kind: 'denied',
    message: 'Not today.',
    retryable: true,
  });
  expect(failureOf(new Error('broken'))).toEqual({ kind: 'internal', message: 'broken', retryable: false });
});
