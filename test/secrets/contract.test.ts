/** What every store of secrets promises, in memory and in a file. */
import { format, inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memorySecrets } from './memorySecrets.ts';
import type { SecretStore, SecretStoreOptions } from '../../src/secrets/secretStore.ts';
import { fileSecrets } from '../../src/secrets/file/fileSecrets.ts';
import { keyFile } from '../../src/secrets/file/keyFile.ts';
import { throughJson } from '../../src/values/json.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { secretsFolder, type SecretsFolder } from './folder.ts';

const hidden = 'sk-very-hidden-value';
const refusal = (kind: string, message: RegExp) =>
  expect.objectContaining({ name: 'TroupeError', kind, message: expect.stringMatching(message) as string });

let folder: SecretsFolder;
let clock: ReturnType<typeof virtualClock>;
beforeEach(() => {
  folder = secretsFolder();
  clock = virtualClock();
});
afterEach(() => folder[Symbol.dispose]());

describe.each([
  ['in memory', (options?: SecretStoreOptions) => memorySecrets(clock, options)],
  ['in a file', (options?: SecretStoreOptions) => fileSecrets(folder.path, keyFile(folder.keyFile), clock, options)],
])('a store %s', (_, open) => {
  let store: SecretStore;
  beforeEach(() => {
    store = open();
  });
  /** All that the store says, to see that nothing was changed. */
  const everything = async () => {
    const { secrets } = await store.list();
    return Promise.all(secrets.map(({ name }) => store.get(name)));
  };

  test('gives back what was set, also long, of several lines and in any script', async () => {
    const values = { API_KEY: hidden, pem: `-----BEGIN KEY-----\n${'x'.repeat(5_000)}\n`, _2: 'ключ 🔑 "\\' };
    expect(await store.set('model', values)).toEqual({
      name: 'model',
      keys: ['API_KEY', '_2', 'pem'],
      private: true,
      created: clock.now(),
      updated: clock.now(),
      isNew: true,
    });
    expect(await store.get('model')).toEqual({
      name: 'model',
      keys: ['API_KEY', '_2', 'pem'],
      private: true,
      created: clock.now(),
      updated: clock.now(),
      values,
    });
  });

  test('adds and replaces the keys that it is given, and leaves the others, the visibility and the time of making', async () => {
    await store.set('model', { A: 'one', B: 'two' }, { private: false });
    const made = clock.now();
    clock.advance(1_000);
    expect(await store.set('model', { B: 'three', C: 'four' })).toMatchObject({
      keys: ['A', 'B', 'C'],
      private: false,
      created: made,
      updated: made + 1_000,
      isNew: false,
    });
    expect((await store.get('model')).values).toEqual({ A: 'one', B: 'three', C: 'four' });
  });

  test('never makes a private secret public, and makes a public one private', async () => {
    await store.set('model', { A: hidden });
    await expect(store.set('model', { B: 'mine' }, { private: false })).rejects.toEqual(
      refusal('conflict', /"model" is private.*Nothing was changed\. Delete it and set it anew/),
    );
    expect(await store.get('model')).toMatchObject({ keys: ['A'], values: { A: hidden }, private: true });
    await store.set('shown', { A: 'one' }, { private: false });
    await store.set('shown', { A: 'one' }, { private: true });
    expect((await store.list()).secrets.map(({ private: isPrivate }) => isPrivate)).toEqual([true, true]);
  });

  test('lists names, keys, visibility and times in pages, sorted by name, and no value', async () => {
    expect(await store.list()).toEqual({ secrets: [], total: 0, page: 1, size: 100 });
    for (const name of ['c', 'a', 'b']) await store.set(name, { KEY: hidden }, { private: name !== 'b' });
    const { secrets, ...rest } = await store.list({ page: 1, size: 2 });
    expect(secrets.map(({ name, private: isPrivate }) => [name, isPrivate])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(rest).toEqual({ total: 3, page: 1, size: 2 });
    expect((await store.list({ page: 2, size: 2 })).secrets.map(({ name }) => name)).toEqual(['c']);
    expect((await store.list({ page: 3, size: 2 })).secrets).toEqual([]);
    expect(JSON.stringify(await store.list())).not.toContain(hidden);
  });

  test.each([{ page: 0 }, { page: 1.5 }, { size: 0 }, { size: 1_001 }, { size: Number.NaN }])(
    'refuses the page %j',
    async (options) => {
      await expect(store.list(options)).rejects.toEqual(refusal('invalid', /whole number from 1/));
    },
  );

  test('removes a secret, and then there is none', async () => {
    await store.set('model', { A: 'one' });
    await store.set('other', { A: 'two' });
    await store.delete('model');
    expect((await everything()).map(({ name }) => name)).toEqual(['other']);
    await expect(store.delete('model')).rejects.toEqual(refusal('unknown_recipient', /There is no secret "model"/));
  });

  test('names the secret that was probably meant, or says how to set it', async () => {
    await store.set('openai', { A: 'one' });
    await expect(store.get('opeani')).rejects.toEqual(
      refusal('unknown_recipient', /no secret "opeani"\. Did you mean "openai"\?/),
    );
    await expect(store.get('github')).rejects.toEqual(
      refusal('unknown_recipient', /troupe secrets set github --value/),
    );
  });

  test.each<[string, unknown, RegExp]>([
    [
      'a name with capitals',
      [hidden.toUpperCase(), { A: 'b' }],
      /name of a secret has up to 200 lower-case.*20 characters/,
    ],
    ['no name', ['', { A: 'b' }], /got an empty text/],
    ['a name that is a path', ['../x', { A: 'b' }], /name of a secret/],
    ['a name of JavaScript', ['constructor', { A: 'b' }], /no name of JavaScript/],
    ['no values', ['ok', {}], /at least one value with its key/],
    ['a list', ['ok', [hidden]], /at least one value/],
    ['nothing', ['ok', undefined], /at least one value/],
    ['a key with a dash', ['ok', { A: 'b', [hidden]: 'c' }], /Key 2 of "ok" is not/],
    ['a key that begins with a digit', ['ok', { '1A': hidden }], /Key 1/],
    ['a key that would be a prototype', ['ok', JSON.parse('{"__proto__":"b"}')], /Key 1/],
    ['an empty value', ['ok', { A: '' }], /value of A of the secret "ok" is empty/],
    ['a value of spaces', ['ok', { A: ' \n' }], /is empty/],
    ['a number', ['ok', { A: 123456789 }], /must be a text; it is number/],
    ['a value with a NUL', ['ok', { A: `${hidden}\0` }], /is no text/],
    ['a value with half a character', ['ok', { A: `${hidden}\ud800` }], /is no text/],
    ['a value that is too long', ['ok', { A: hidden.repeat(10_000) }], /200000 characters; at most 65536/],
    [
      'too many keys',
      ['ok', Object.fromEntries(Array.from({ length: 101 }, (__, n) => [`K${n}`, 'v']))],
      /100 at most/,
    ],
    ['a key too many', ['full', { ONE_MORE: hidden }], /"full" would have 101 keys/],
  ])('refuses %s, changes nothing, and tells no value', async (__, given, message) => {
    await store.set('ok', { KEPT: 'as it was' });
    await store.set('full', Object.fromEntries(Array.from({ length: 100 }, (___, n) => [`K${n}`, 'v'])));
    const before = await everything();
    const thrown: unknown = await store
      .set(...(given as Parameters<SecretStore['set']>))
      .catch((error: unknown) => error);
    expect(thrown).toEqual(refusal('invalid', message));
    expect(String(thrown).toLowerCase()).not.toContain(hidden);
    expect(String(thrown)).not.toContain('123456789');
    expect(await everything()).toEqual(before);
  });

  test.each<[object, string, RegExp]>([
    [{ private: 'no' }, 'invalid', /private \(true\) or public \(false\); got a text/],
    [{ privat: false }, 'definition', /has no option "privat"; did you mean "private"/],
  ])('refuses the options %j from JavaScript', async (options, kind, message) => {
    await expect(store.set('model', { A: hidden }, options as object)).rejects.toEqual(refusal(kind, message));
    expect((await store.list()).total).toBe(0);
  });

  test('gives the values that are read to those who mask them, before the caller has them', async () => {
    const seen: string[] = [];
    store = open({ onRead: (values) => void seen.push(...values) });
    await store.set('model', { A: hidden, B: 'two' });
    await store.list();
    expect(seen).toEqual([]);
    const secret = await store.get('model').then(({ values }) => [...seen, '|', ...Object.values(values)]);
    expect(secret).toEqual([hidden, 'two', '|', hidden, 'two']);
  });

  test('shows no values of a secret that is printed or stored as a whole, and all of them where they are read', async () => {
    await store.set('model', { API_KEY: hidden });
    const secret = await store.get('model');
    for (const text of [
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }),
      format('%o', secret),
      inspect(throughJson(secret)),
    ])
      expect(text).not.toContain(hidden);
    expect(JSON.parse(JSON.stringify(secret))).toMatchObject({ name: 'model', keys: ['API_KEY'] });
    expect(secret.values['API_KEY']).toBe(hidden);
    expect(JSON.stringify(secret.values)).toBe(`{"API_KEY":"${hidden}"}`);
  });

  test('keeps what was set when the caller changes its object afterwards', async () => {
    const values = { A: 'one' };
    await store.set('model', values);
    values.A = 'changed';
    const read = await store.get('model');
    Reflect.set(read.values, 'A', 'changed');
    expect((await store.get('model')).values).toEqual({ A: 'one' });
  });
});
