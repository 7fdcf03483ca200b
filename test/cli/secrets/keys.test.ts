/** `troupe secrets rotate`, and keys of secrets that cannot be used: what is said, and what is never said. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hidden, secretsCli } from './secretsCli.ts';

const newKey = (byte: number) => Buffer.alloc(32, byte).toString('base64');

let at: ReturnType<typeof secretsCli>;
beforeEach(() => {
  at = secretsCli();
});
afterEach(() => at[Symbol.dispose]());

const keyPath = () => join(at.folder, '.config/troupe/secrets.key');

test('rotate encrypts all secrets with a new key, and says what to do with the old one', async () => {
  await at.set('openai', `API_KEY=${hidden}`);
  await at.set('github', 'TOKEN=third-value');
  const { code, err } = await at.run(['rotate']);
  expect(code).toBe(0);
  expect(err).toMatch(
    /^All 2 secrets are encrypted with the key [0-9a-f]{12} now\.\nThe key file keeps [0-9a-f]{12} as well/,
  );
  expect(await at.valuesOf('openai')).toEqual({ API_KEY: hidden });
  const json = JSON.parse((await at.run(['rotate', '--json'])).out) as { secrets: number; formerKeys: string[] };
  expect([json.secrets, json.formerKeys.length]).toEqual([2, 2]);
  for (const line of readFileSync(keyPath(), 'utf8')
    .split('\n')
    .filter((each) => each && !each.startsWith('#')))
    expect(err).not.toContain(line);
});

test('rotate with keys from the environment needs the new one first', async () => {
  const withKey = (key: string, ...args: string[]) => at.run(args, { env: { TROUPE_SECRETS_KEY: key } });
  await withKey(newKey(1), 'set', 'openai', '--value', `A=${hidden}`);
  const refused = await withKey(newKey(1), 'rotate');
  expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/TROUPE_SECRETS_KEY=NEW,OLD/) as string]);
  const { code, err } = await withKey(`${newKey(2)},${newKey(1)}`, 'rotate');
  expect([code, err]).toEqual([0, expect.stringMatching(/Take [0-9a-f]{12} out of TROUPE_SECRETS_KEY/) as string]);
  expect((await withKey(newKey(2), 'show', 'openai', '--show-values')).out).toBe(`A=${hidden}\n`);
  const old = await withKey(newKey(1), 'show', 'openai');
  expect([old.code, old.err]).toEqual([
    1,
    expect.stringMatching(/was encrypted with the key .*Give that key back/) as string,
  ]);
});

test.each([
  ['a key that is none', { TROUPE_SECRETS_KEY: 'too-short-a-key' }, 2, /TROUPE_SECRETS_KEY must be a key of 32 bytes/],
  ['an empty key', { TROUPE_SECRETS_KEY: '' }, 2, /is set and empty/],
  ['a key and a key file', { TROUPE_SECRETS_KEY: newKey(1), TROUPE_SECRETS_KEY_FILE: 'x.key' }, 2, /both set/],
])('%s is refused, and is in no message', async (_, env, code, message) => {
  const result = await at.run(['list'], { env });
  expect([result.code, result.err]).toEqual([code, expect.stringMatching(message) as string]);
  expect(result.err).not.toContain('too-short-a-key');
  expect(result.err).not.toContain(newKey(1));
});

test('a key file that others may read is refused with the command that mends it, by its path', async () => {
  const path = join(at.folder, 'my.key');
  writeFileSync(path, newKey(5), { mode: 0o600 });
  const env = { TROUPE_SECRETS_KEY_FILE: path };
  await at.run(['set', 'openai', '--value', `A=${hidden}`], { env });
  chmodSync(path, 0o644);
  const { code, err } = await at.run(['show', 'openai'], { env });
  expect([code, err]).toEqual([1, expect.stringContaining(`Run: chmod 600 ${path}`) as string]);
});

test('a changed file is named, and its values are in no message', async () => {
  await at.set('openai', `A=${hidden}`);
  const path = join(at.folder, '.troupe/secrets/1.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"data": "..../, '"data": "AAAA'));
  const { code, err } = await at.run(['show', 'openai', '--show-values']);
  expect([code, err]).toEqual([1, expect.stringMatching(/"openai" in .*1\.json was changed since/) as string]);
});
