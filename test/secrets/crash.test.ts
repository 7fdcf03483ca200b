/** A process that ends between any two operations on files, and in the middle of any write: what it was changing is as before or as after, and is never lost. */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { secretsFolder, type SecretsFolder } from './folder.ts';

const originals = { ...fs };
const never = new Promise<never>(() => {});
afterEach(() => {
  Object.assign(fs, originals);
  syncBuiltinESMExports();
});

/** From the given operation on, none is performed and none returns, as in a process that was killed. A write that is the last one writes a half. */
function killAt(operation: number): { readonly killed: Promise<void>; readonly revive: () => Promise<void> } {
  let count = 0;
  let onKilled = () => {};
  const closes: (() => Promise<void>)[] = [];
  const killed = new Promise<void>((resolve) => (onKilled = resolve));
  const isAlive = (): boolean => {
    count++;
    if (count >= operation) onKilled();
    return count < operation;
  };
  const guarded =
    <Args extends unknown[], R>(perform: (...args: Args) => Promise<R>) =>
    (...args: Args): Promise<R> =>
      isAlive() ? perform(...args) : never;
  const half = (write: (text: string) => Promise<void>) => async (text: string) => {
    if (isAlive()) await write(text.slice(0, text.length / 2));
    else return never;
    if (isAlive()) return write(text.slice(text.length / 2));
    return never;
  };
  Object.assign(fs, {
    mkdir: guarded(originals.mkdir),
    link: guarded(originals.link),
    rm: guarded(originals.rm),
    async open(...args: Parameters<typeof originals.open>) {
      if (!isAlive()) return never;
      const file = await originals.open(...args);
      const close = file.close.bind(file);
      closes.push(close);
      const [writeFile, appendFile] = [file.writeFile.bind(file), file.appendFile.bind(file)];
      return Object.assign(file, {
        writeFile: half((text) => writeFile(text)),
        appendFile: half((text) => appendFile(text)),
        sync: guarded(file.sync.bind(file)),
        close: guarded(close),
      });
    },
  });
  syncBuiltinESMExports();
  const revive = async () => {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
    for (const close of closes) await close().catch(() => {}); // It may be closed.
  };
  return { killed, revive };
}

type Store = ReturnType<SecretsFolder['open']>;
const read = async (store: Store) =>
  Object.fromEntries(
    await Promise.all(
      (await store.list()).secrets.map(async ({ name }) => [name, (await store.get(name)).values] as const),
    ),
  );
const before = { model: { A: 'one' }, other: { B: 'two' } };

test.each<[string, object, (store: Store) => Promise<unknown>, object]>([
  ['the first secret', {}, (store) => store.set('model', { A: 'one' }), { model: { A: 'one' } }],
  ['a secret more', before, (store) => store.set('third', { C: 'x' }), { ...before, third: { C: 'x' } }],
  ['a key more', before, (store) => store.set('model', { C: 'x' }), { ...before, model: { A: 'one', C: 'x' } }],
  ['a removal', before, (store) => store.delete('model'), { other: { B: 'two' } }],
  ['a rotation', before, (store) => store.rotate(), before],
])('%s that a kill interrupts at any point is made or not, and can be made again', async (_, first, change, after) => {
  for (let operation = 1; ; operation++) {
    using at = secretsFolder();
    for (const [name, values] of Object.entries(first as typeof before)) await at.open().set(name, values);
    const { killed, revive } = killAt(operation);
    const done = await Promise.race([change(at.open()).then(() => true), killed.then(() => false)]);
    await revive();
    const found = await read(at.open());
    expect([first, after]).toContainEqual(found);
    if (done) expect(found).toEqual(after);
    await at.open().set('last', { A: 'b' });
    expect(await read(at.open())).toEqual({ ...found, last: { A: 'b' } });
    await at.open().rotate();
    expect(await read(at.open())).toEqual({ ...found, last: { A: 'b' } });
    expect(readdirSync(join(at.path, 'secrets'))).toHaveLength(1);
    expect(readdirSync(join(at.path, 'config'))).toEqual(['secrets.key']);
    if (done) {
      expect(operation).toBeGreaterThan(10);
      return;
    }
  }
});

test.each(['sync', 'writeFile', 'link'])(
  'a disk that refuses %s is named, and the secrets are as they were',
  async (name) => {
    using at = secretsFolder();
    await at.open().set('model', { A: 'one' });
    const files = readdirSync(join(at.path, 'secrets'));
    const full = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
    Object.assign(fs, {
      ...(name === 'link' ? { link: full } : {}),
      open: async (...args: Parameters<typeof originals.open>) =>
        Object.assign(await originals.open(...args), name === 'link' ? {} : { [name]: full }),
    });
    syncBuiltinESMExports();
    await expect(at.open().set('model', { A: 'two' })).rejects.toMatchObject({
      kind: 'storage',
      retryable: true,
      message: expect.stringMatching(/2\.json cannot be written: ENOSPC.*Check its folder and the disk/) as string,
    });
    Object.assign(fs, originals);
    syncBuiltinESMExports();
    expect(await read(at.open())).toEqual({ model: { A: 'one' } });
    expect(readdirSync(join(at.path, 'secrets'))).toEqual(files);
  },
);
