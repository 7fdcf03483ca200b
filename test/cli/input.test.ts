/** How `--input`, `--set` and the environment are read. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useColors } from '../../src/cli/cli.ts';
import { readRunInput } from '../../src/cli/input.ts';

const from = (input?: string, sets: string[] = [], cwd = '/') =>
  readRunInput({ cwd, readAll: () => Promise.resolve('{"from":"stdin"}') }, input, sets);

test.each([
  ['{"a":1}', { a: 1 }],
  ['[1]', [1]],
  ['"quoted"', 'quoted'],
  ['What is an actor?', 'What is an actor?'],
  ['42', 42],
  ['true', true],
  ['', ''],
  ['-', { from: 'stdin' }],
])('--input %j is read as %j', async (typed, input) => {
  expect((await from(typed)).input).toEqual(input);
});

test('--input @file reads a file, and names it when it cannot be read', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-input-'));
  writeFileSync(join(cwd, 'in.json'), '{"a":2}');
  expect((await from('@in.json', [], cwd)).input).toEqual({ a: 2 });
  await expect(from('@gone.json', [], cwd)).rejects.toThrow(join(cwd, 'gone.json'));
});

test.each([
  ['--input @file', '@in.json'],
  ['a text that is no JSON', '@in.txt'],
])('%s that is no UTF-8 is refused with the place, and no letter is replaced', async (_, option) => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-input-'));
  writeFileSync(join(cwd, 'in.json'), Buffer.from('{"city":"K\xf6ln"}', 'latin1'));
  writeFileSync(join(cwd, 'in.txt'), Buffer.from('K\xf6ln', 'latin1'));
  await expect(from(option, [], cwd)).rejects.toThrow(new RegExp(`${option.slice(1)}:1:\\d+: not UTF-8.*0xf6`));
});

test('a byte order mark before the JSON of --input @file does no harm', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-input-'));
  writeFileSync(join(cwd, 'in.json'), '\ufeff{"a":2}');
  expect((await from('@in.json', [], cwd)).input).toEqual({ a: 2 });
});

test('--set adds properties to the input; the last one wins, and JSON is parsed', async () => {
  expect(await from('{"a":1,"b":2}', ['b=x', 'b=y=z', 'c=3', 'd=[1]', 'e='])).toEqual({
    input: { a: 1, b: 'y=z', c: 3, d: [1], e: '' },
    settings: { a: 1, b: 'y=z', c: 3, d: [1], e: '' },
  });
});

test('beside a text input, --set is for the definition only', async () => {
  expect(await from('Wait.', ['gate=x'])).toEqual({ input: 'Wait.', settings: { gate: 'x' } });
});

test('"__proto__" is a key like any other', async () => {
  const { input } = await from('{}', ['__proto__=1']);
  expect(Object.getPrototypeOf(input)).toBe(Object.prototype);
});

test.each([
  [{}, { isTTY: true }, true],
  [{}, {}, false],
  [{ NO_COLOR: '1' }, { isTTY: true }, false],
  [{ NO_COLOR: '' }, { isTTY: true }, true],
  [{ TERM: 'dumb' }, { isTTY: true }, false],
  [{ FORCE_COLOR: '1' }, {}, true],
])('colours with %j on %j: %s', (env, to, expected) => {
  expect(useColors({ env }, { write: () => true, ...to })).toBe(expected);
});
