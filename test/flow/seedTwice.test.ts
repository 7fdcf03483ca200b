/** A seed is the same in a new process as in one that has run flows: loading takes no simulated time. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';

test('the first seed of a process goes as it goes when it is repeated', { timeout: 60_000 }, () => {
  const file = built(join(import.meta.dirname, 'fixtures/seedTwice.ts'));
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const [first, second] = JSON.parse(stdout) as [string[], string[]];
  expect(first).toHaveLength(3);
  expect(second).toEqual(first);
});
