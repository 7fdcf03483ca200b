/** Text from outside: bytes that are no UTF-8 are refused with their place, and no value is changed in silence. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUtf8 } from '../../src/values/utf8.ts';

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));

test.each([
  ['a Latin-1 letter', bytes('{"name":"M', 0xfc, 'ller"}'), 'in.json:1:11', '0xfc'],
  ['a character that is cut off at the end', bytes('a\nb', 0xe2, 0x82), 'in.json:2:2', '0xe2'],
  ['an overlong form', bytes(0xc0, 0xaf), 'in.json:1:1', '0xc0'],
  ['half a surrogate pair', bytes('x', 0xed, 0xa0, 0x80), 'in.json:1:2', '0xed'],
  ['UTF-16', bytes(0xff, 0xfe, '{', 0), 'in.json:1:1', '0xff'],
  ['a replacement character before the mistake', bytes('\ufffd\n\ufffd', 0xff), 'in.json:2:2', '0xff'],
])('%s is refused with its place', (_, given, place, byte) => {
  expect(() => decodeUtf8(given, 'in.json')).toThrow(
    expect.objectContaining({
      kind: 'invalid',
      message: expect.stringMatching(`^${place}: not UTF-8.*${byte}`) as string,
    }),
  );
});

test('a byte order mark at the beginning is left out, and every other text is kept as it is', () => {
  expect(decodeUtf8(bytes('\ufeff{"a":1}'), 'x')).toBe('{"a":1}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const [first] = text;
      expect(decodeUtf8(Buffer.from(text), 'x')).toBe(first === '\ufeff' ? text.slice(1) : text);
    }),
    { seed: 7, numRuns: 200 },
  );
});
