/** YAML that would harm, or that does not mean what it seems to: each is refused with its place. */
import { beforeAll, expect, test } from 'vitest';
import { loadYaml } from '../../../src/workflow/files/yaml/package.ts';
import { parseYaml } from '../../../src/workflow/files/yaml/parseYaml.ts';
import { limits } from '../../limits.ts';

beforeAll(loadYaml);

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  .concat(Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`))
  .join('\n');
const wideBomb = `a: &a [${'x, '.repeat(2_000)}x]\nb: [${Array(60).fill('*a').join(', ')}]`;
const keys = (count: number) => Array.from({ length: count }, (_, i) => `key${i}: 1`).join('\n');

test.each<[string, string, string, RegExp]>([
  ['aliases of aliases of aliases', bomb, '4:10', /100 aliases/],
  ['a few aliases of something large', wideBomb, '2:', /100000 values/],
  ['a value that is inside itself', 'a: 1\nb: &b [*b]', '2:8', /stands for a value that it is in/],
  ['an alias of nothing', 'a: *b', '1:4', /no anchor/],
  ['ten thousand lists in each other', '['.repeat(10_000), '1:', /64 levels/],
  ['ten thousand dashes in a line', `${'- '.repeat(10_000)}x`, '1:', /64 levels/],
  ['65 lists in each other', `a: ${'['.repeat(64)}${']'.repeat(64)}`, '1:67', /64 levels/],
  ['more than 5,000 keys', keys(5_001), '5001:', /5000 keys/],
  ['more than 5,000 keys in a line', `{${keys(5_001).replaceAll('\n', ', ')}}`, '1:', /5000 keys/],
  ['a file of more than 1 MB', `# ${'x'.repeat(1_000_000)}`, '1:1', /1 MB/],
  ['a key that is there twice', 'a: 1\nb: 2\na: 3', '3:1', /"a" is in this map twice/],
  ['two documents', 'a: 1\n---\nb: 2', '2:1', /one document/],
  ['a tab as indentation', 'a:\n\t- b', '2:1', /Tabs/],
  ['a tag that runs code elsewhere', 'a: !!js/function x', '1:4', /tag/],
  ['a tag of somebody else', 'a: !thing x', '1:4', /tag/],
  ['a number with a million digits', `a: ${'9'.repeat(900_000)}`, '1:', /too long to be exact/],
  ['many directives', '%X y\n'.repeat(11), '11:', /10 directives/],
  ['.nan', 'a: .nan', '1:4', /finite/],
  ['.inf', 'a: [1, -.inf]', '1:8', /finite/],
  ['a number that is not exact', 'a: 9007199254740993', '1:4', /quotes/],
  ['__proto__', 'a:\n  __proto__: {x: 1}', '2:3', /not allowed/],
  ['constructor', 'constructor: 1', '1:1', /not allowed/],
  ['prototype, in quotes', '"prototype": 1', '1:1', /not allowed/],
  ['a NUL', 'a: x\0', '1:5', /U\+0000/],
  ['a NUL by its escape', 'a: "x\\0"', '1:4', /U\+0000/],
  ['a bell', 'a: x\u0007', '1:5', /U\+0007/],
  ['half a character', 'a: \ud800x', '1:4', /surrogate/],
  ['half a character by its escape', 'a: "\\ud800"', '1:4', /surrogate|Invalid|escape/],
  ['a list as a key', '? [a]\n: 1', '1:3', /key is a text/],
  ['a bracket that is not closed', 'a: [1, 2', '1:', /not valid YAML/],
])('%s is refused, with its place', (_, text, place, message) => {
  const { value, problems } = parseYaml(text, '/x.yaml');
  expect(value).toBeUndefined();
  expect(problems).toHaveLength(1);
  expect(`${problems[0]?.line}:${problems[0]?.column}`).toContain(place);
  expect(problems[0]?.message).toMatch(message);
});

test.each<[string, string, unknown]>([
  ['a byte order mark', '\ufeffa: 1', { a: 1 }],
  ['words that were booleans once', 'a: no\nb: on\nc: y', { a: 'no', b: 'on', c: 'y' }],
  ['numbers as YAML 1.2 has them', 'a: 012\nb: 1:20\nc: 0x10\nd: -0.5', { a: 12, b: '1:20', c: 16, d: -0.5 }],
  ['the largest exact number', 'a: 9007199254740991', { a: Number.MAX_SAFE_INTEGER }],
  ['an empty file', '', null],
  ['aliases and merged maps', 'x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}', { x: { a: 1, b: 2 }, y: { a: 1, b: 3 } }],
  ['64 lists in each other', '['.repeat(64) + ']'.repeat(64), JSON.parse('['.repeat(64) + ']'.repeat(64))],
  ['5,000 keys', keys(5_000), Object.fromEntries(Array.from({ length: 5_000 }, (_value, i) => [`key${i}`, 1]))],
])('%s is read', (_, text, value) => {
  expect(parseYaml(text, '/x.yaml')).toMatchObject({ problems: [], value });
});

test('every value can be located: its own place, or that of its key', () => {
  const file = parseYaml('a:\n  - b: one\n    c: {d: "two"}\n', '/x.yaml');
  expect(file.at(['a', 0, 'b'])).toEqual({ line: 2, column: 8 });
  expect(file.at(['a', 0, 'c', 'd'])).toEqual({ line: 3, column: 12 });
  expect(file.at(['a', 0, 'c', 'd'], 'key')).toEqual({ line: 3, column: 9 });
  expect(file.at(['a', 0, 'c', 'd'], 'value', 1)).toEqual({ line: 3, column: 14 });
  expect(file.at(['a', 0, 'none'])).toEqual({ line: 2, column: 5 });
});

/** Texts of nearly 1 MB that a parser of YAML is slow at. */
const full = (unit: string, begin = '', end = '') => begin + unit.repeat(Math.floor(990_000 / unit.length)) + end;
test.each<[string, string]>([
  ['commas', full(',', 'a: [', ']')],
  ['values in a line', full('x,', 'a: [', ']')],
  ['keys in a line', full('a,', 'a: {', '}')],
  ['items', full('- x\n')],
  ['empty lines', full('\n')],
  ['comments', full('#\n')],
  ['digits', full('9', 'a: ')],
  ['anchors', full('&a ')],
  ['aliases', full('- *a\n', '- &a x\n')],
  ['tags', full('- !x y\n')],
  ['documents', full('---\n')],
  ['ends of documents', full('...\n')],
  ['directives', full('%X y\n')],
  ['brackets', full(']')],
  ['wrong items', full('- ]\n')],
  ['colons', full(':\n')],
  ['lines of a text', full('x\n  ', 'a: ')],
  ['folded lines', full('  x\n\n', 'a: >\n')],
  ['a text that is not closed', full('x\n', 'a: "')],
])('1 MB of %s costs the processor seconds, and not minutes', (_, text) => {
  const before = process.cpuUsage();
  parseYaml(text, '/x.yaml');
  const { user } = process.cpuUsage(before);
  // About two seconds at most where nothing else runs; what grows with the square of the size takes many minutes.
  expect(user / 1e3).toBeLessThan(limits.step);
});
