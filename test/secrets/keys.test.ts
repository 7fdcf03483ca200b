/** The keys of secrets: from the environment or a file, checked, and replaced by new ones. */
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { secretsFolder, type SecretsFolder } from './folder.ts';

const refusal = (kind: string, message: RegExp) =>
  expect.objectContaining({ name: 'TroupeError', kind, message: expect.stringMatching(message) as string });
const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

let at: SecretsFolder;
beforeEach(() => {
  at = secretsFolder();
});
afterEach(() => at[Symbol.dispose]());

describe('in the environment', () => {
  const withKey = (text: string) => at.open({ env: { TROUPE_SECRETS_KEY: text } });

  test('as base64, base64 for URLs or hex, the same key', async () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, n) => 255 - n));
    await withKey(bytes.toString('base64')).set('model', { A: 'one' });
    for (const form of ['base64url', 'hex'] as const)
      expect((await withKey(bytes.toString(form)).get('model')).values).toEqual({ A: 'one' });
    expect((await withKey(` ${bytes.toString('hex').toUpperCase()}\n`).get('model')).values).toEqual({ A: 'one' });
    expect(readdirSync(at.path)).toEqual(['secrets']);
  });

  test.each([
    [
      '16 bytes',
      Buffer.alloc(16, 7).toString('base64'),
      /key of 32 bytes, as base64 .* or hex .*; got 24 characters, which are 16 bytes\. Make one with: openssl/,
    ],
    ['33 bytes', Buffer.alloc(33, 7).toString('base64'), /which are 33 bytes/],
    ['half a hex key', 'ab'.repeat(16), /got 32 characters/],
    ['a password', 'correct horse battery staple!', /got 29 characters\. Make one/],
    ['nothing', '', /is set and empty.*or unset it to use the key file/],
    ['a good and a bad key', `${key(1)},short`, /Key 2 of TROUPE_SECRETS_KEY must be/],
    ['a key and nothing', `${key(1)},`, /Key 2 of TROUPE_SECRETS_KEY .* got nothing/],
  ])('%s is refused, and the message does not have it', (_, text, message) => {
    let thrown: unknown;
    try {
      withKey(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(refusal('invalid', message));
    if (text !== '') expect(String(thrown)).not.toContain(text);
  });

  test('and in a file at once is refused, and so is an empty path', () => {
    const both = { TROUPE_SECRETS_KEY: key(1), TROUPE_SECRETS_KEY_FILE: at.keyFile };
    expect(() => at.open({ env: both })).toThrow(/both set.*Unset the other/);
    expect(() => at.open({ env: { TROUPE_SECRETS_KEY_FILE: '' } })).toThrow(/is set and empty/);
  });

  test('are rotated by putting a new one before the old one', async () => {
    await withKey(key(1)).set('model', { A: 'one' });
    await withKey(key(1)).set('other', { A: 'two' });
    await expect(withKey(key(1)).rotate()).rejects.toEqual(
      refusal('invalid', /Put a new key before it, TROUPE_SECRETS_KEY=NEW,OLD, and rotate again/),
    );
    const rotation = await withKey(`${key(2)},${key(1)}`).rotate();
    expect(rotation).toEqual({ secrets: 2, key: expect.any(String) as string, formerKeys: [expect.any(String)] });
    expect((await withKey(key(2)).get('model')).values).toEqual({ A: 'one' });
    await expect(withKey(key(1)).get('model')).rejects.toEqual(refusal('auth', /encrypted with the key/));
    // A process that has both goes on, before and after.
    expect((await withKey(`${key(1)},${key(2)}`).get('other')).values).toEqual({ A: 'two' });
    await expect(withKey(`${key(2)},${key(1)}`).rotate()).rejects.toEqual(refusal('invalid', /first key/));
  });
});

describe('in a file', () => {
  test('is made with the first secret, outside of the project, for its owner only, and its path is told once', async () => {
    const made: string[] = [];
    const env = { HOME: at.path };
    const store = at.open({ env, onKeyCreated: (path) => void made.push(path) });
    await store.set('model', { A: 'one' });
    await store.set('model', { A: 'two' });
    const path = join(at.path, '.config/troupe/secrets.key');
    expect(made).toEqual([path]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect((await at.open({ env }).get('model')).values).toEqual({ A: 'two' });
    await at
      .open({ env: { HOME: at.path, XDG_CONFIG_HOME: join(at.path, 'xdg') } })
      .list()
      .catch(() => {});
    expect(readdirSync(dirname(path))).toEqual(['secrets.key']);
  });

  test('under XDG_CONFIG_HOME where there is one', async () => {
    await at.open({ env: { HOME: '/nowhere', XDG_CONFIG_HOME: join(at.path, 'xdg') } }).set('model', { A: 'one' });
    expect(readdirSync(join(at.path, 'xdg/troupe'))).toEqual(['secrets.key']);
  });

  test.each([0o640, 0o604, 0o660, 0o644])(
    'that others may use (%i) is refused with the command that mends it',
    async (mode) => {
      await at.open().set('model', { A: 'one' });
      chmodSync(at.keyFile, mode);
      const says = refusal(
        'auth',
        new RegExp(`mode is ${mode.toString(8)}; 600 was expected.*Run: chmod 600 ${at.keyFile}`),
      );
      await expect(at.open().get('model')).rejects.toEqual(says);
      await expect(at.open().set('model', { A: 'two' })).rejects.toEqual(says);
      await expect(at.open().rotate()).rejects.toEqual(says);
      chmodSync(at.keyFile, 0o400);
      expect((await at.open().get('model')).values).toEqual({ A: 'one' });
    },
  );

  test.each([
    ['with nothing but notes', '# to do\n', /has no key in it\. Restore it/],
    ['empty', '', /has no key in it/],
    ['with a short key', `# key\n${key(1).slice(0, 20)}\n`, /Line 2 of the key file .*must be a key of 32 bytes/],
  ])('%s is refused', async (_, text, message) => {
    mkdirSync(dirname(at.keyFile));
    writeFileSync(at.keyFile, text, { mode: 0o600 });
    await expect(at.open().set('model', { A: 'one' })).rejects.toEqual(refusal('invalid', message));
    expect(readFileSync(at.keyFile, 'utf8')).toBe(text);
  });

  test('that is a folder is refused', async () => {
    mkdirSync(at.keyFile, { recursive: true, mode: 0o700 });
    await expect(at.open().set('model', { A: 'one' })).rejects.toEqual(refusal('auth', /is no plain file/));
    const below = { TROUPE_SECRETS_KEY_FILE: join(at.path, 'file', 'key') };
    writeFileSync(join(at.path, 'file'), '');
    await expect(at.open({ env: below }).list()).rejects.toEqual(refusal('auth', /cannot be read: .*ENOTDIR/));
  });

  test('that a person made with openssl is used as it is', async () => {
    mkdirSync(dirname(at.keyFile));
    writeFileSync(at.keyFile, key(9), { mode: 0o600 });
    await at.open().set('model', { A: 'one' });
    expect(readFileSync(at.keyFile, 'utf8')).toBe(key(9));
    expect((await at.open({ env: { TROUPE_SECRETS_KEY: key(9) } }).get('model')).values).toEqual({ A: 'one' });
  });

  test('gets a new key by a rotation, keeps the old ones, and all projects that use it can still be read', async () => {
    using other = secretsFolder();
    const elsewhere = () => other.open({ env: at.env });
    await at.open().set('model', { A: 'one' });
    await elsewhere().set('theirs', { A: 'two' });
    const [running, before] = [at.open(), JSON.parse(at.file().text) as { secrets: Record<string, { key: string }> }];
    const rotation = await at.open().rotate();
    expect(rotation).toEqual({
      secrets: 1,
      key: expect.any(String) as string,
      formerKeys: [before.secrets['model']?.key],
    });
    expect(at.file().text).toContain(rotation.key);
    expect(at.file().text).not.toContain(rotation.formerKeys[0]);
    expect((await running.get('model')).values).toEqual({ A: 'one' });
    expect((await elsewhere().get('theirs')).values).toEqual({ A: 'two' });
    await elsewhere().set('theirs', { B: 'three' });
    expect((await elsewhere().get('theirs')).values).toEqual({ A: 'two', B: 'three' });
    // Without the line of the old key, what was rotated is still read.
    const lines = readFileSync(at.keyFile, 'utf8').split('\n');
    writeFileSync(at.keyFile, lines.slice(2).join('\n'));
    expect((await at.open().get('model')).values).toEqual({ A: 'one' });
  });

  test('with a line that a power cut left half written is used, also after another rotation', async () => {
    await at.open().set('model', { A: 'one' });
    appendFileSync(at.keyFile, `# The key\n${key(3).slice(0, 17)}`);
    expect((await at.open().get('model')).values).toEqual({ A: 'one' });
    await at.open().rotate();
    expect((await at.open().get('model')).values).toEqual({ A: 'one' });
  });

  test('is not touched by a rotation without secrets', async () => {
    await expect(at.open().rotate()).rejects.toEqual(refusal('invalid', /no secrets to encrypt anew/));
    expect(readdirSync(at.path)).toEqual([]);
  });
});
