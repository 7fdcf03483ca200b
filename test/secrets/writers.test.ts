/** Several processes that write secrets at once, and processes that are killed while they write. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { built } from '../built.ts';
import { dose } from '../dose.ts';
import { secretsFolder, type SecretsFolder } from './folder.ts';

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** A process that writes; `killAfter` resolves to what was acknowledged of each secret, after so many acknowledgements and a SIGKILL. */
function writer(at: SecretsFolder, name: string) {
  const child = spawn(process.execPath, [built('test/secrets/fixtures/writer.ts'), at.path, name], {
    env: { ...at.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let text = '';
  const acknowledged = () =>
    new Map(
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ') as [string, string]),
    );
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  return {
    async killAfter(count: number): Promise<Map<string, string>> {
      const enough = new Promise<void>((done) =>
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString('utf8');
          if (text.split('\n').length > count) done();
        }),
      );
      await Promise.race([enough, ended]);
      const isKilled = child.kill('SIGKILL');
      await ended;
      if (!isKilled) throw new Error(`The process ended after it had said:\n${text}`);
      return acknowledged();
    },
  };
}

/** Every secret has the value that was acknowledged last, or one that was written after it. */
async function expectKept(at: SecretsFolder, acknowledged: Map<string, string>): Promise<void> {
  const store = at.open();
  for (const [name, n] of acknowledged) {
    const { VALUE = '' } = (await store.get(name)).values;
    expect(Number(VALUE.replace('value ', ''))).toBeGreaterThanOrEqual(Number(n));
  }
  expect((await store.list()).total).toBeGreaterThanOrEqual(acknowledged.size);
}

test('of several processes that write at once, from the first secret on, none takes back what another one wrote', async () => {
  using at = secretsFolder();
  const all = await Promise.all(['a', 'b', 'c'].map((name) => writer(at, name).killAfter(15)));
  for (const acknowledged of all) await expectKept(at, acknowledged);
});

test('a process that is killed while it writes loses nothing that it had acknowledged, and the next one goes on', async () => {
  using at = secretsFolder();
  const total = new Map<string, string>();
  for (let round = 0; round < dose(4, 30); round++) {
    for (const [name, n] of await writer(at, `r${round}`).killAfter(1 + ((round * 3) % 7))) total.set(name, n);
    await expectKept(at, total);
    await at.open().set('between', { ROUND: `${round}` });
  }
  expect(readdirSync(join(at.path, 'secrets')).filter((name) => !name.endsWith('.json'))).toEqual([]);
  expect(readdirSync(join(at.path, 'config'))).toEqual(['secrets.key']);
});

test('writes of one process that are begun at once are all made', async () => {
  using at = secretsFolder();
  const [one, other] = [at.open(), at.open()];
  await Promise.all(
    Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? one : other).set('model', { [`K${n}`]: `v${n}` })),
  );
  expect(Object.keys((await at.open().get('model')).values)).toHaveLength(30);
});

test('a process that stood still while others wrote does not take their changes back', async () => {
  using at = secretsFolder();
  const slow = at.open();
  await slow.set('model', { A: 'one' });
  // It has read the first version and is about to write the second one; others meanwhile write up to the fourth.
  let goOn = () => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const { fileSecrets } = await import('../../src/secrets/file/fileSecrets.ts');
  const { keyFile } = await import('../../src/secrets/file/keyFile.ts');
  const keys = keyFile(at.keyFile);
  let isFirst = true;
  const late = fileSecrets(
    join(at.path, 'secrets'),
    {
      async read() {
        if (isFirst) await held;
        isFirst = false;
        return keys.read();
      },
    },
    { now: () => 0 },
  );
  const written = late.set('model', { LATE: 'two' });
  for (let n = 0; n < 3; n++) await at.open().set('model', { [`B${n}`]: 'three' });
  goOn();
  await written;
  expect(Object.keys((await at.open().get('model')).values).sort()).toEqual(['A', 'B0', 'B1', 'B2', 'LATE']);
  expect(at.file().path).toMatch(/5\.json$/);
});
