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
