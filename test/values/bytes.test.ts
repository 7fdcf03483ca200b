/** Sizes as people write them. */
import { expect, test } from 'vitest';
import { bytesOf } from '../../src/values/bytes.ts';

test.each([
  ['4096', 4_096],
  ['64K', 65_536],
  ['512m', 512 * 2 ** 20],
  ['1.5G', 1.5 * 2 ** 30],
  ['10GB', 10 * 2 ** 30],
  ['10Gi', 10 * 2 ** 30],
  ['10GiB', 10 * 2 ** 30],
  ['2T', 2 * 2 ** 40],
])('%s is %d bytes', (text, bytes) => {
  expect(bytesOf(text)).toBe(bytes);
});

test.each(['', '0', '0G', '-1G', 'G', '10X', '1e9', 'ten', '10 G B', '10i'])('"%s" is no size', (text) => {
  expect(bytesOf(text)).toBeUndefined();
});
