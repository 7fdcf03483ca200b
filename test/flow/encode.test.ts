/** Values of any kind are the same after they were stored; what has no stable form is refused by its place. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue } from '../../src/flow/encode.ts';

/** A value as the next process reads it. */
const stored = (value: unknown): unknown => {
  const { json, encoded } = encodeValue('It', value);
  return decodeValue({ json: JSON.parse(JSON.stringify(json)) as typeof json, ...(encoded ? { encoded } : {}) });
};

test('any value is the same after it was stored', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: false,
    withSparseArray: false,
    key: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$', '__proto__', 'constructor', 'toJSON', 'length')),
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(stored(value)).toEqual(value);
    }),
    { numRuns: 2_000 },
  );
});

test.each<[string, unknown]>([
  ['minus zero', [-0]],
  ['no number', { a: Number.NaN, b: -Infinity }],
  ['a date that is none', [new Date(Number.NaN)]],
  ['undefined in a list', [undefined, { a: undefined }]],
  ['a property like a tag', { $: 'date', value: 5, at: new Date(5) }],
  ['a map in a map, by an object without text', new Map([[Object.create(null) as object, new Map([[{ a: 1n }, 1]])]])],
  ['a long key', new Map([['x'.repeat(50_000), { a: new Date(1) }]])],
  ['bytes', [Buffer.from('ü'), new Uint8Array([1, 2]).subarray(1), new Float64Array([-0]), new ArrayBuffer(3)]],
  ['half a character', '\ud800'],
])('%s is the same after it was stored', (_, value) => expect(stored(value)).toEqual(value));

test('an error keeps its name, its cause and its own fields, and sets no prototype', () => {
  const error = Object.assign(new RangeError('far', { cause: new TypeError('why') }), { code: 7 });
  Object.defineProperty(error, '__proto__', { value: { isBad: true }, enumerable: true });
  const read = stored(error) as RangeError & { code: number; isBad?: boolean };
  expect(read).toBeInstanceOf(RangeError);
  expect(read).toMatchObject({ message: 'far', code: 7, cause: { name: 'TypeError', message: 'why' } });
  expect(read.isBad).toBeUndefined();
});

test('an error of several keeps each of them', () => {
  const read = stored(new AggregateError([new RangeError('one'), 2], 'many')) as AggregateError;
  expect(read).toBeInstanceOf(AggregateError);
  expect(read).toMatchObject({
    name: 'AggregateError',
    message: 'many',
    errors: [{ name: 'RangeError', message: 'one' }, 2],
  });
});

test('an array of a class of its own is read as the kind that it extends', () => {
  class Pixels extends Uint8Array {}
  expect(stored(Pixels.of(1, 2))).toEqual(Uint8Array.of(1, 2));
});

test('a value that is nested ten thousand levels deep is refused', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = [deep];
  expect(() => encodeValue('It', deep)).toThrow('nested deeper');
});

test.each<[string, () => unknown, string]>([
  [
    'a property that throws',
    () => ({
      list: [
        {
          get secret() {
            throw new Error('sealed');
          },
        },
      ],
    }),
    'It cannot be stored: at "list[0]" it is something that cannot be read: sealed.',
  ],
  [
    'a form for JSON that throws',
    () => {
      class Order {
        toJSON() {
          throw new Error('not loaded');
        }
      }
      return [new Order()];
    },
    'It cannot be stored: at "[0]" it is something that cannot be read: not loaded.',
  ],
  [
    'a proxy that was revoked',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return { proxy };
    },
    'It cannot be stored: at "proxy" it is something that cannot be read',
  ],
])('%s is refused with its place, and is not tried again', (_, make, message) => {
  expect(() => encodeValue('It', make())).toThrow(
    expect.objectContaining({
      kind: 'code',
      data: { reason: 'serialization' },
      message: expect.stringContaining(message) as unknown,
    }),
  );
});
