/** Records whose keys come and go: a copy is the caller's own, whatever its keys are. */
import { expect, test } from 'vitest';
import { copyRecord, without } from '../../src/values/record.ts';

const given = JSON.parse('{"1":"a","__proto__":"b","constructor":"c"}') as Record<string, string>;

test('a copy has every key, also one that objects have by themselves', () => {
  expect(Object.entries(copyRecord(given))).toEqual(Object.entries(given));
  expect(Object.keys(without(given, '__proto__'))).toEqual(['1', 'constructor']);
  expect(without({}, 'constructor')['constructor']).toBeUndefined();
});

test('what was copied stays as it is', () => {
  const copy = copyRecord(given);
  delete copy['1'];
  copy['2'] = 'd';
  expect(Object.keys(given)).toEqual(['1', '__proto__', 'constructor']);
});
