import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { flow, openRuntime, secretStore } from '../../src/index.ts';
import { scriptedModel } from 'troupe/testing';
import { recordsIn } from './recordsIn.ts';

const key = 'sk-very-secret-value-0123456789';

/** A folder with a journal and a store of secrets. */
function newPlace() {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-flow-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { TROUPE_SECRETS_KEY_FILE: join(folder, 'key') };
  return {
    folder,
    env,
    secrets: secretStore({ folder, env }),
    options: { db: join(folder, 'troupe.db'), env, project: false as const },
  };
}
/** All bytes of the journal and its contents, as text. */
const storedIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('secrets'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');

test('a checkpoint is given a secret, and nothing that is stored has its value', async () => {
  const { folder, options, secrets } = newPlace();
  await secrets.set('service', { API_KEY: key });
  const used: string[] = [];
  const model = scriptedModel([{ text: `You said ${key}.` }]);
  const uses = flow('uses', { model }, async (ctx) => {
    const told = await ctx.checkpoint('ask', async () => {
      const { API_KEY = '' } = await ctx.secret('service');
      used.push(API_KEY);
      ctx.log({ header: `Bearer ${API_KEY}` });
      await ctx.save('request', { headers: { authorization: API_KEY } });
      await ctx.save('long', `${'x'.repeat(100_000)} ${API_KEY}`);
      await ctx.llm(`My key is ${API_KEY}`);
      return `It was ${API_KEY}`;
    });
    await ctx.wait({ name: 'go' });
    await ctx
      .checkpoint('fail', async () => {
        throw new Error(`refused: ${(await ctx.secret('service'))['API_KEY']}`);
      })
      .catch(() => {});
    return told;
  });
  {
    await using runtime = await openRuntime(options);
    const handle = await runtime.start(uses, null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
  }
  await using runtime = await openRuntime(options);
  const handle = await runtime.resume('r', uses);
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, null);
  // The body is told what is stored, so that it goes the same way in every process.
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'It was [redacted]' });
  expect(used).toEqual([key]);
  expect(model.requests[0]!.messages).toMatchObject([{ text: `My key is ${key}` }]);
  expect(await recordsIn(runtime, 'r', 'call')).toMatchObject([
    { id: 'ask', metadata: { header: 'Bearer [redacted]' } },
    { id: 'go' },
    { id: 'fail', outcome: { failure: { message: expect.stringContaining('refused: [redacted]') as unknown } } },
  ]);
  // The journal packs what it stores, so it is read as well.
  expect(JSON.stringify(await runtime.journal.ledger('r'))).not.toContain(key);
  await runtime.close();
  expect(storedIn(folder)).not.toContain(key);
});

test('an attempt that failed is stored without the secret, and a kept result as well', async () => {
  const { folder, options, secrets } = newPlace();
  await secrets.set('service', { API_KEY: key });
  let attempts = 0;
  const tries = flow('tries', (ctx) =>
    ctx.checkpoint('ask', { retries: { times: 1, backoff: 1 }, cache: true }, async () => {
      const { API_KEY } = await ctx.secret('service');
      if (++attempts === 1) throw new Error(`refused: ${API_KEY}`);
      return API_KEY;
    }),
  );
  const runtime = await openRuntime(options);
  expect(await (await runtime.start(tries, null, { key: 'r' })).outcome()).toMatchObject({ output: '[redacted]' });
  expect(await recordsIn(runtime, 'r', 'attempt')).toHaveLength(1);
  // The journal packs what it stores, so it is read as well.
  expect(JSON.stringify(await runtime.journal.ledger('r'))).not.toContain(key);
  await runtime.close();
  expect(storedIn(folder)).not.toContain(key);
});

test('a secret that is not there fails the checkpoint that asks for it, also after a restart', async () => {
  const { options, secrets } = newPlace();
  await secrets.set('service', { API_KEY: key });
  const waits = flow('waits', async (ctx) => {
    await ctx.wait({ name: 'go' });
    return ctx.checkpoint('ask', async () => Object.keys(await ctx.secret('service')));
  });
  {
    await using runtime = await openRuntime(options);
    await (await runtime.start(waits, null, { key: 'r' })).outcome({ returnWhenWaiting: true });
  }
  await secrets.delete('service');
  await using runtime = await openRuntime(options);
  const handle = await runtime.resume('r', waits);
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, null);
  expect(await handle.outcome()).toMatchObject({
    status: 'failed',
    failure: { kind: 'unknown_recipient', message: expect.stringContaining('service') as unknown },
  });
});

test('ctx.secret outside of a checkpoint is refused', async () => {
  await using runtime = await openRuntime({ db: 'memory', env: {}, project: false });
  const wrong = flow('wrong', (ctx) => ctx.secret('service'));
  expect(await (await runtime.start(wrong, null)).outcome()).toMatchObject({ failure: { kind: 'scope' } });
});
