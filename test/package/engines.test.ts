/** The lowest Node that the package promises is one that every dependency takes: `npm ci` on it prints no engine warning. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { minVersion, satisfies } from 'semver';
import { expect, test } from 'vitest';

interface Locked {
  readonly engines?: { readonly node?: string } | readonly string[];
}

const root = resolve(import.meta.dirname, '../..');
const read = <T>(file: string): T => JSON.parse(readFileSync(resolve(root, file), 'utf8')) as T;

const { engines } = read<{ engines: { node: string } }>('package.json');
const lowest = minVersion(engines.node)?.version ?? '';
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json');

test('the package promises a Node version', () => {
  expect(lowest).toMatch(/^\d+\.\d+\.\d+$/);
});

test(`every locked package takes Node ${lowest}`, () => {
  const refusing = Object.entries(packages).flatMap(([path, { engines: wanted }]) => {
    const range = wanted && 'node' in wanted ? wanted.node : undefined;
    return range === undefined || satisfies(lowest, range) ? [] : [`${path} needs Node ${range}`];
  });
  expect(refusing).toEqual([]);
});

test('no locked package names where it is downloaded from', () => {
  expect(JSON.stringify(packages)).not.toContain('"resolved"');
});
