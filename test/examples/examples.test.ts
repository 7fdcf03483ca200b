/** Every example runs alone, as a user would run it, asserts what it shows, and would exit non-zero if it were wrong. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';
import { limits } from '../limits.ts';

const folder = resolve(import.meta.dirname, '../../examples');
const examples = readdirSync(folder).filter((name) => /^\d\d-.*\.ts$/.test(name));

test('the examples, in TypeScript and in folders, are numbered without a gap', () => {
  const numbers = readdirSync(folder).flatMap((name) => (/^\d\d-/.test(name) ? [Number(name.slice(0, 2))] : []));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test.concurrent.each(examples)('%s is short, asserts, and runs', async (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(81);
  expect(text).toContain('assert');
  const { status, stdout, stderr } = await run(join(folder, name));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim()).not.toBe('');
});

async function run(file: string) {
  const child = spawn(process.execPath, [built(file)], {
    timeout: limits.test,
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...said };
}
