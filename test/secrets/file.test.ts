/** The encrypted file of secrets: what it shows without its key, and what happens when it or the key is another one. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { secretsFolder, type SecretsFolder } from './folder.ts';

const hidden = 'sk-very-hidden-value';
const refusal = (kind: string, message: RegExp) =>
  expect.objectContaining({ name: 'TroupeError', kind, message: expect.stringMatching(message) as string });

let at: SecretsFolder;
beforeEach(() => {
  at = secretsFolder();
});
afterEach(() => at[Symbol.dispose]());

interface StoredDocument {
  format: number;
  secrets: Record<string, { key: string; nonce: string; data: string }>;
}
/** Changes the file as someone without the key could. */
function tamper(change: (document: StoredDocument) => void): void {
  const { path, text } = at.file();
  // What our own code wrote.
  const document = JSON.parse(text) as StoredDocument;
  change(document);
  writeFileSync(path, JSON.stringify(document));
}
const changed = (base64: string, byte: number): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[byte] = (bytes[byte] ?? 0) ^ 1;
  return bytes.toString('base64');
};

test('another process reads what was set as soon as it is acknowledged', async () => {
  await at.open().set('model', { API_KEY: hidden });
  expect((await at.open().get('model')).values).toEqual({ API_KEY: hidden });
});

test('opening secrets and reading none makes no file', async () => {
  expect(await at.open().list()).toMatchObject({ total: 0 });
  await expect(at.open().get('model')).rejects.toEqual(refusal('unknown_recipient', /no secret "model"/));
  expect(readdirSync(at.path)).toEqual([]);
});

test('the file shows the name and neither values nor names of keys, visibility or times, and only its owner may read it', async () => {
  await at.open().set('model', { API_KEY: hidden, OTHER: 'second-value' }, { private: false });
  const { path, text } = at.file();
  for (const part of [hidden, 'second-value', 'API_KEY', 'OTHER', 'private', 'created'])
    for (const form of [part, Buffer.from(part).toString('base64').slice(0, -4), Buffer.from(part).toString('hex')])
      expect(text).not.toContain(form || part);
  expect(text).not.toContain(readFileSync(at.keyFile, 'utf8').split('\n')[1]);
  expect(text).toContain('"model"');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(at.path, 'secrets')).mode & 0o777).toBe(0o700);
});

test('the same value is never encrypted to the same bytes', async () => {
  const store = at.open();
  const seen = new Set<string>();
  for (let n = 0; n < 20; n++) {
    await store.set('model', { A: 'same' });
    seen.add(at.file().text);
  }
  expect(seen.size).toBe(20);
});

describe('a changed file', () => {
  beforeEach(async () => {
    await at.open().set('model', { API_KEY: hidden });
    await at.open().set('other', { TOKEN: 'second-value' }, { private: false });
  });

  test.each<[string, (document: StoredDocument) => void]>([
    ['a bit of the value', ({ secrets }) => (secrets['model']!.data = changed(secrets['model']!.data, 20))],
    [
      'a bit of the tag',
      ({ secrets }) =>
        (secrets['model']!.data = changed(
          secrets['model']!.data,
          -1 + Buffer.from(secrets['model']!.data, 'base64').length,
        )),
    ],
    ['a bit of the nonce', ({ secrets }) => (secrets['model']!.nonce = changed(secrets['model']!.nonce, 3))],
    ['the end', ({ secrets }) => (secrets['model']!.data = secrets['model']!.data.slice(0, 40))],
    ['all but nothing', ({ secrets }) => (secrets['model']!.data = '')],
    ['a short nonce', ({ secrets }) => (secrets['model']!.nonce = 'AAAA')],
    ['a secret under the name of another one', ({ secrets }) => (secrets['model'] = secrets['other']!)],
  ])('is found: %s', async (_, change) => {
    tamper(change);
    const before = at.file();
    const says = refusal(
      'corrupt',
      /"model" in .*\.json was changed since it was written.*Restore it.*troupe secrets delete model/,
    );
    await expect(at.open().get('model')).rejects.toEqual(says);
    await expect(at.open().list()).rejects.toEqual(says);
    await expect(at.open().set('model', { API_KEY: 'new' })).rejects.toEqual(says);
    await expect(at.open().set('third', { API_KEY: 'new' })).rejects.toEqual(says);
    await expect(at.open().rotate()).rejects.toEqual(says);
    expect(at.file()).toEqual(before);
    // The other one is not lost, and the damaged one can be given up.
    expect((await at.open().get('other')).values).toEqual({ TOKEN: 'second-value' });
    await at.open().delete('model');
    await at.open().set('model', { API_KEY: 'new' });
    expect((await at.open().list()).total).toBe(2);
  });

  test.each<[string, (text: string) => string, string, RegExp]>([
    ['cut short', (text) => text.slice(0, 100), 'corrupt', /it is not JSON.*left as it is.*Restore it from a copy/],
    ['empty', () => '', 'corrupt', /it is not JSON/],
    ['another document', () => '{"hello":1}', 'corrupt', /is not as it was written/],
    ['with an entry of another shape', (text) => text.replace('"nonce"', '"n"'), 'corrupt', /at "secrets\.model/],
    ['with a name that is none', (text) => text.replace('"other"', '"__proto__"'), 'corrupt', /not as it was written/],
    ['of a newer version', (text) => text.replace('"format": 1', '"format": 2'), 'unsupported', /format 2; .* reads 1/],
  ])('that is %s is named, and never written over', async (_, change, kind, message) => {
    const { path, text } = at.file();
    writeFileSync(path, change(text));
    for (const attempt of [
      () => at.open().get('other'),
      () => at.open().list(),
      () => at.open().set('third', { A: 'b' }),
      () => at.open().delete('other'),
      () => at.open().rotate(),
    ])
      await expect(attempt()).rejects.toEqual(refusal(kind, message));
    expect(at.file()).toEqual({ path, text: change(text) });
  });

  test('another key is told from a damaged file, and nothing is written with it', async () => {
    const before = at.file();
    const env = { TROUPE_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') };
    const says = refusal(
      'auth',
      /"model" in .* was encrypted with the key [0-9a-f]{12}; TROUPE_SECRETS_KEY has [0-9a-f]{12}\. Give that key back/,
    );
    await expect(at.open({ env }).get('model')).rejects.toEqual(says);
    await expect(at.open({ env }).list()).rejects.toEqual(says);
    await expect(at.open({ env }).set('third', { A: 'b' })).rejects.toEqual(says);
    expect(at.file()).toEqual(before);
  });

  test('a lost key file is named, and no other one is made', async () => {
    rmSync(at.keyFile);
    await expect(at.open().set('third', { A: 'b' })).rejects.toEqual(
      refusal('auth', /the key file .*secrets\.key has no key\. Give/),
    );
    expect(readdirSync(join(at.path, 'config'))).toEqual([]);
  });
});

test('a file that cannot be read or written is named with its reason', async () => {
  await at.open().set('model', { A: 'one' });
  writeFileSync(join(at.path, 'taken'), '');
  const { path } = at.file();
  rmSync(path);
  mkdirSync(path);
  await expect(at.open().get('model')).rejects.toEqual(refusal('storage', /1\.json cannot be read: .*EISDIR/));
  rmSync(join(at.path, 'secrets'), { recursive: true });
  writeFileSync(join(at.path, 'secrets'), '');
  await expect(at.open().list()).rejects.toEqual(refusal('storage', /secrets cannot be read: .*ENOTDIR/));
});

test('a copy of the folder of secrets is a backup', async () => {
  await at.open().set('model', { A: 'one' });
  const { path } = at.file();
  copyFileSync(path, join(at.path, 'copy'));
  await at.open().set('model', { A: 'two' });
  rmSync(at.file().path);
  copyFileSync(join(at.path, 'copy'), path);
  expect((await at.open().get('model')).values).toEqual({ A: 'one' });
});

test('what a killed process has left in the folder is removed by the next change', async () => {
  await at.open().set('model', { A: 'one' });
  for (const left of ['.1.json.0123456789ab.draft', '.2.json.0123456789ab.draft'])
    writeFileSync(join(at.path, 'secrets', left), 'half', { mode: 0o600 });
  await at.open().set('model', { A: 'two' });
  expect(readdirSync(join(at.path, 'secrets'))).toEqual(['2.json']);
});

test('a file in the folder that is none of ours is left alone', async () => {
  mkdirSync(join(at.path, 'secrets'));
  writeFileSync(join(at.path, 'secrets', 'notes.txt'), 'mine');
  chmodSync(join(at.path, 'secrets', 'notes.txt'), 0o644);
  await at.open().set('model', { A: 'one' });
  await at.open().set('model', { A: 'two' });
  expect(readdirSync(join(at.path, 'secrets')).sort()).toEqual(['2.json', 'notes.txt']);
});
