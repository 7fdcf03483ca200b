/** Every example runs alone, as a user would run it, asserts what it shows, and would exit non-zero if it were wrong. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '../examples');
const examples = readdirSync(folder).filter((name) => /^\d\d-.*\.ts$/.test(name));

test('the examples are numbered without a gap', () => {
  expect(examples.map((name) => Number(name.slice(0, 2)))).toEqual(examples.map((_, index) => index + 1));
});

test.each(examples)('%s is short, asserts, and runs', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(81);
  expect(text).toContain('assert');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions', 'troupe-source', '--import', 'tsx', join(folder, name)],
    { encoding: 'utf8', timeout: 25_000 },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim()).not.toBe('');
});
