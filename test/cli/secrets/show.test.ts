/** `troupe secrets show`, `list` and `delete`: values are printed when they are asked for, and in no other case. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workspace } from '../troupe.ts';
import { hidden, secretsCli } from './secretsCli.ts';

let at: ReturnType<typeof secretsCli>;
beforeEach(() => {
  at = secretsCli();
});
afterEach(() => at[Symbol.dispose]());

beforeEach(async () => {
  await at.set('openai', `API_KEY=${hidden}`, 'ORG=two\nlines');
  await at.run(['set', 'github', '--value', 'TOKEN=third-value', '--public']);
  at.clock.advance(90_000);
});

test('show tells keys and visibility, and values only when asked', async () => {
  const plain = await at.run(['show', 'openai']);
  expect(plain).toMatchObject({
    code: 0,
    out: 'openai: private, made 1m 30s ago, set 1m 30s ago\n  API_KEY\n  ORG\n',
  });
  expect(plain.err).toContain('--show-values');
  const json = await at.run(['show', 'openai', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ name: 'openai', keys: ['API_KEY', 'ORG'], private: true });
  expect(plain.out + json.out).not.toContain(hidden);
  const asked = await at.run(['show', 'openai', '--show-values']);
  expect(asked).toMatchObject({ code: 0, out: `API_KEY=${hidden}\nORG=two\nlines\n`, err: '' });
  expect(await at.valuesOf('openai')).toEqual({ API_KEY: hidden, ORG: 'two\nlines' });
});

test('list gives one page, sorted by name, without values', async () => {
  const all = await at.run(['list']);
  expect(all.out).toBe(
    'NAME    VISIBILITY  SET         KEYS\n' +
      'github  public      1m 30s ago  TOKEN\n' +
      'openai  private     1m 30s ago  API_KEY, ORG\n',
  );
  const first = await at.run(['list', '--size', '1']);
  expect(first.out).toContain('github');
  expect(first.err).toBe('Page 1 of 2; the next one is shown with --page 2.\n');
  const json = await at.run(['list', '--size', '1', '--page', '2', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ secrets: [{ name: 'openai' }], total: 2, page: 2, size: 1 });
  expect(all.out + json.out).not.toContain(hidden);
  expect(await at.run(['list', '--page', '9'])).toMatchObject({
    code: 0,
    out: '',
    err: 'There is no page 9; the last one is 1.\n',
  });
  expect((await at.run(['list', '--size', '5000'])).code).toBe(2);
});

test('delete removes one, and it is gone', async () => {
  expect(await at.run(['delete', 'openai'])).toMatchObject({
    code: 0,
    out: '',
    err: 'Removed the secret "openai".\n',
  });
  expect(JSON.parse((await at.run(['delete', 'github', '--json'])).out)).toEqual({ name: 'github', deleted: true });
  expect((await at.run(['list'])).err).toMatch(/No secrets\. Set one with/);
});

test.each(['show', 'delete'])(
  '%s of a secret that there is not is wrong usage, with the name that was meant',
  async (command) => {
    const { code, err } = await at.run([command, 'openia']);
    expect([code, err]).toEqual([2, expect.stringMatching(/no secret "openia"\. Did you mean "openai"\?/) as string]);
  },
);

test('secrets are beside the journal that --db or TROUPE_DB names', async () => {
  const elsewhere = join(at.folder, 'data', 'my.db');
  await at.run(['set', 'theirs', '--value', 'A=b', '--db', elsewhere]);
  expect(existsSync(join(at.folder, 'data', 'secrets'))).toBe(true);
  expect((await at.run(['list'], { env: { TROUPE_DB: elsewhere } })).out).toContain('theirs');
  expect((await at.run(['list'])).out).not.toContain('theirs');
  expect((await at.run(['list', '--db', 'memory'])).out).toContain('openai');
});

test('values that were read are masked in everything that the process says afterwards', async () => {
  const { mask } = await at.run(['show', 'openai']);
  expect(mask.redact(`401: bad key ${hidden}`)).toBe('401: bad key [redacted]');
});

test('a real process sets, lists and shows secrets, and its output has no key', async () => {
  using at = workspace();
  const made = await at.shell(`printf %s "${hidden}" | troupe secrets set openai --value API_KEY`);
  expect(made).toMatchObject({ code: 0, out: '' });
  const shown = await at.shell('troupe secrets show openai --show-values && troupe secrets list --json');
  expect(shown.out).toMatch(
    new RegExp(`^API_KEY=${hidden}\n\\{"secrets":\\[\\{"name":"openai","keys":\\["API_KEY"\\]`),
  );
  const key = readFileSync(join(at.folder, '.config/troupe/secrets.key'), 'utf8').split('\n')[1] ?? '';
  expect(key).toHaveLength(44);
  expect(made.err + shown.out + shown.err).not.toContain(key);
});
