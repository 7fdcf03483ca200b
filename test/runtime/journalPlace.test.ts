/** What is named as the place of a journal: a path, or `memory`. Anything else is refused by name, and nothing is made in its stead. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { agent, offlineModel, openRuntime, run } from 'troupe';
import { rejectionOf } from '../../src/testing/suites/scope.ts';

const clerk = agent({ name: 'clerk', model: offlineModel() });
const folder = mkdtempSync(join(tmpdir(), 'troupe-place-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[unknown, string]>([
  [5, 'type number'],
  [true, 'type boolean'],
  [{}, 'type object'],
  [['j.db'], 'type object'],
  [Symbol('db'), 'type symbol'],
  ['', 'an empty text'],
  [' ', 'an empty text'],
  ['a\0b', 'a NUL'],
  [':memory:', 'write "memory"'],
  ['postgres://ada:hunter22@host/db', '"postgres:"'],
  ['file:///tmp/j.db', '"file:"'],
  ['libsql://host', '"libsql:"'],
  ['file:j.db', '"file:"'],
  ['postgres:ada:hunter22@host', '"postgres:"'],
])('%s is refused, with what is expected', async (db, says) => {
  const before = existsSync(String(db));
  const failure = await rejectionOf(run(clerk, 'Go.', { db: db as string }));
  expect(failure).toMatchObject({ kind: 'invalid', message: expect.stringContaining(says) as string });
  expect(failure.message).toContain('the path of a file');
  expect(failure.message).not.toContain('hunter22');
  expect(existsSync(String(db))).toBe(before);
  if (typeof db !== 'string') return;
  await expect(openRuntime({ env: { TROUPE_DB: db } }).then((r) => r[Symbol.asyncDispose]())).rejects.toThrow();
});

test.each([
  ['a folder', () => folder],
  ['a device', () => '/dev/null'],
  [
    'a pipe',
    () => {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      return join(folder, 'pipe');
    },
  ],
])('%s is no journal, and is not waited for', async (what, place) => {
  expect(await rejectionOf(run(clerk, 'Go.', { db: place() }))).toMatchObject({
    kind: 'storage',
    message: expect.stringContaining(`it is ${what}`) as string,
  });
});
