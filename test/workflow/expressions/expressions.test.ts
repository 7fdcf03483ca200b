/** Expressions: limits, own properties, and names with hyphens. */
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { throughJson, type Json } from '../../../src/values/json.ts';
import { compileExpression, evaluateExpression, readExpression } from '../../../src/workflow/expressions/jmespath.ts';
import { quoteHyphens } from '../../../src/workflow/expressions/quoting.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';

beforeAll(loadLanguage);

const search = (text: string, data: Json): Json => evaluateExpression(compileExpression(text), data);

test.each([
  'constructor',
  '__proto__',
  'toString',
  'a.constructor',
  'a.constructor.name',
  'b.length',
  'list.length',
  '"hasOwnProperty"',
])('what an object only inherits is not there: %s', (text) => {
  expect(search(text, { a: {}, b: 'text', list: [1] })).toBeNull();
});

test('an expression gives JSON and never a function, whatever it is and whatever the data is', () => {
  const name = fc.constantFrom(
    'a',
    'b',
    'constructor',
    '__proto__',
    'toString',
    'valueOf',
    'length',
    '"a b"',
    '@',
    '*',
    '[]',
    '[0]',
    '[*]',
    '[?a]',
    "'x'",
    '`1`',
  );
  const joint = fc.constantFrom('.', ' | ', ' || ', ' && ', ' == ', ', ');
  const path = fc
    .array(fc.tuple(name, joint), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map(([a, b], at) => (at === parts.length - 1 ? a : a + b)).join(''));
  const text = fc.oneof(
    path,
    path.map((inner) => `[${inner}]`),
    path.map((inner) => `{x: ${inner}}`),
    path.map((inner) => `to_string(${inner})`),
    path.map((inner) => `map(&${inner}, @)`),
  );
  let evaluated = 0;
  fc.assert(
    // Through JSON: there -0 is 0.
    fc.property(
      text,
      fc.jsonValue().map((data) => throughJson(data)),
      (expression, data) => {
        let value: Json;
        try {
          value = search(expression, data);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'TroupeError' });
          return;
        }
        evaluated++;
        expect(JSON.parse(JSON.stringify(value) ?? 'undefined')).toEqual(value);
      },
    ),
    { numRuns: 500 },
  );
  expect(evaluated).toBeGreaterThan(50);
});

test.each([
  ['4,097 characters', 'a'.repeat(4_097)],
  ['20,000 brackets', '('.repeat(20_000)],
  ['65 brackets', `${'('.repeat(65)}a${')'.repeat(65)}`],
  ['50,000 dots', 'a'.concat('.a'.repeat(50_000))],
  ['2,000 signs', `${'!'.repeat(2_000)}a`],
  ['a whole number that is not exact', '`9007199254740993`'],
  ['a field __proto__', '{"__proto__": a}'],
  ['an unknown function', 'evil(a)'],
  ['no text', '  '],
  ['one equals sign', 'a = b'],
])('an expression with %s is refused before it is evaluated', (_, text) => {
  expect(readExpression(text)).toHaveProperty('message');
});

test('a long path and a long list of conditions are no deep nesting', () => {
  expect(search(`a${'.a'.repeat(500)}`, {})).toBeNull();
  expect(search(Array.from({ length: 150 }, (_, at) => `a == '${at}'`).join(' || '), { a: '149' })).toBe(true);
});

test.each([
  ['doubles a list many times', `@${' | [@, @]'.repeat(40)}`],
  ['doubles and flattens it', `[@]${' | [@, @][]'.repeat(40)}`],
  ['makes a text of what it doubled', `@${' | [@, @]'.repeat(40)} | to_string(@)`],
  ['joins a text with itself', `['${'x'.repeat(1_000)}']${" | [join('', @), join('', @)]".repeat(30)}`],
  ['makes a text of every item, again and again', `list${'[].[@, @][]'.repeat(6)} | map(&to_string([@, @, @, @]), @)`],
  [
    'compares all items with all others',
    'list[?contains([`1`], @)] | [@]' + ' | [@, @] | [@[0] == @[1], @[0], @[1]]'.repeat(25),
  ],
])('an expression that %s ends with an error, soon', (_, text) => {
  expect(() => search(text, { list: Array.from({ length: 1_000 }, (_, a) => ({ a })) })).toThrow(
    expect.objectContaining({ kind: 'budget' }),
  );
});

test('a part of the data is selected whatever its size', () => {
  const items = Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'x'.repeat(100) }));
  expect(search('step.a.items', { step: { a: { items } } })).toBe(items);
  expect(search('items[*].n', { items })).toHaveLength(20_000);
});

test.each([
  ['search-hn', '"search-hn"'],
  ['step.search-hn.url', 'step."search-hn".url'],
  ["step.a-b == 'a-b'", `step."a-b" == 'a-b'`],
  ['"a-b".c', '"a-b".c'],
  ['x == `"a-b"`', 'x == `"a-b"`'],
  ["contains(x-y, 'it\\'s a-b')", `contains("x-y", 'it\\'s a-b')`],
  ['snake_case.a_b', 'snake_case.a_b'],
  ['list[-1]', 'list[-1]'],
  ['a-b-c.d--e', '"a-b-c"."d--e"'],
])('hyphenated names need no quotes, and text in quotes is left alone: %s', (text, standard) => {
  expect(quoteHyphens(text).text).toBe(standard);
});

test('numbers that the engine makes compare as numbers, and null can be asked for', () => {
  expect(search('step.w.status_code == `200`', { step: { w: { status_code: 200 } } })).toBe(true);
  expect(search('step.w.status_code > `100`', { step: { w: { status_code: 200 } } })).toBe(true);
  expect(search('a != null', { a: 1 })).toBe(true);
  expect(search('b != null', { a: 1 })).toBe(false);
});

test('whole numbers stay exact to the largest safe one', () => {
  expect(search('n', { n: Number.MAX_SAFE_INTEGER })).toBe(Number.MAX_SAFE_INTEGER);
});

test('an error says where it is in the text as it was written', () => {
  expect(readExpression('a-b.c-d == #')).toMatchObject({ offset: 11 });
  expect(readExpression('step.d.n >')).toEqual({ message: 'it ends too early', offset: 10 });
});
