/** Copies of JSON values. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, isJson, plainCopy, throughJson } from '../../src/values/json.ts';

const symbolic = { [Symbol('s')]: 1 };
const odd = [
  undefined,
  NaN,
  Infinity,
  -0,
  new Date(0),
  new Map(),
  () => 1,
  Symbol('s'),
  1n,
  symbolic,
  Object.create({ a: 1 }),
  Object.defineProperty({}, 'toJSON', { value: () => 1 }),
];

test('a copy is what JSON makes of a value, or there is none', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.constantFrom(...odd),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'toJSON'), tie('any'), { maxKeys: 3 }),
    ),
  })).any;
  let copies = 0;
  fc.assert(
    fc.property(value, (given) => {
      const copy = plainCopy(given);
      if (isJson(given)) expect(canonicalJson(throughJson(given))).toBe(canonicalJson(given));
      else expect(copy).toBeUndefined();
      if (copy === undefined) return;
      copies++;
      expect(copy).toStrictEqual(throughJson(given));
      if (typeof given === 'object' && given !== null) expect(copy).not.toBe(given);
    }),
    { numRuns: 500 },
  );
  expect(copies).toBeGreaterThan(100);
});

test('what is JSON as it stands is copied; anything else, however deep, is not', () => {
  const plain = { a: [1, 'two', null, true, { b: {} }], c: '' };
  expect(plainCopy(plain)).toStrictEqual(plain);
  for (const each of odd) {
    expect(plainCopy(each)).toBeUndefined();
    expect(plainCopy({ a: [{ b: each }] })).toBeUndefined();
    // Symbols are only left out.
    expect(isJson({ a: [{ b: each }] })).toBe(each === symbolic);
  }
  const own = { ['__proto__']: { a: 1 } };
  expect(plainCopy([{ own }])).toBeUndefined();
  const circle: Record<string, unknown> = {};
  circle.again = circle;
  expect(plainCopy(circle)).toBeUndefined();
  expect(isJson(circle)).toBe(false);
});
