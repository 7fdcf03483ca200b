/** Keys of models from the store of secrets: found where the environment has none, for each call anew, and never stored or shown. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { agent, flow, openRuntime, run, secretStore, type RuntimeOptions } from '../../src/index.ts';
import { turn, wires, wireServer, type Turn } from '../gateway/wireServer.ts';
import { recordsIn } from './recordsIn.ts';

const key = 'sk-stored-in-a-secret-0123456789';
const says = (text: string): Turn => turn.whole(wires.openai.frames({ text }));

/** A server of a model, a folder with a journal and a store of secrets, and how a runtime is opened on them. */
async function newPlace({ turns = [says('hello')], env: more = {} as Record<string, string> } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-model-keys-'));
  const server = await wireServer('/v1', turns);
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const env = { TROUPE_SECRETS_KEY_FILE: join(folder, 'key'), ...more };
  const options = {
    db: join(folder, 'troupe.db'),
    env,
    project: false,
    poll: 10,
    gateway: { baseUrls: { openai: server.url, ollama: server.url } },
  } satisfies RuntimeOptions;
  const keysSent = () => server.requests.map(({ headers }) => String(headers.authorization).replace('Bearer ', ''));
  return { folder, server, options, keysSent, secrets: secretStore({ folder, env }) };
}

const ask = flow('ask', { model: 'openai:gpt-5-mini' }, (ctx) => ctx.llm('Hello?', { name: 'ask' }));

test.each(['OPENAI_API_KEY', 'API_KEY'])(
  'a model takes its key from the secret of its provider, under %s, and nothing that is stored has it',
  async (name) => {
    const { folder, options, secrets, keysSent } = await newPlace({ turns: [says(`You sent ${key}.`)] });
    await secrets.set('openai', { [name]: key });
    const runtime = await openRuntime(options);
    const outcome = await (await runtime.start(ask, null, { key: 'r' })).outcome();
    expect(outcome).toMatchObject({ status: 'done', output: 'You sent [redacted].' });
    expect(keysSent()).toEqual([key]);
    expect(await recordsIn(runtime, 'r', 'call')).toMatchObject([
      { metadata: { llm_calls: { ask: { credential_source: 'secret' } } } },
    ]);
    expect(JSON.stringify(await runtime.journal.ledger('r'))).not.toContain(key);
    await runtime.close();
    const stored = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('secrets'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(stored.join('\n')).not.toContain(key);
  },
);

test('the key of the environment comes before that of a secret', async () => {
  const { options, secrets, keysSent } = await newPlace({ env: { OPENAI_API_KEY: 'sk-of-the-environment' } });
  await secrets.set('openai', { OPENAI_API_KEY: key });
  await using runtime = await openRuntime(options);
  await (await runtime.start(ask, null, { key: 'r' })).outcome();
  expect(keysSent()).toEqual(['sk-of-the-environment']);
  expect(await recordsIn(runtime, 'r', 'call')).toMatchObject([
    { metadata: { llm_calls: { ask: { credential_source: 'environment' } } } },
  ]);
});

test('an agent takes its key from the secret that is named for its provider, and a new key for its next call', async () => {
  const { options, secrets, keysSent } = await newPlace();
  await secrets.set('team-openai', { OPENAI_API_KEY: key });
  const clerk = agent({ name: 'clerk', instructions: 'Help.', model: 'openai:gpt-5-mini' });
  await using runtime = await openRuntime({
    ...options,
    gateway: { ...options.gateway, secrets: { openai: 'team-openai' } },
  });
  const once = async (id: string) => (await runtime.start(clerk, 'Hello?', { key: id })).outcome();
  expect(await once('one')).toMatchObject({ status: 'done' });
  await secrets.set('team-openai', { OPENAI_API_KEY: 'sk-of-tomorrow' });
  expect(await once('two')).toMatchObject({ status: 'done' });
  expect(keysSent()).toEqual([key, 'sk-of-tomorrow']);
});

test('a run whose key is missing says which secret it is and how to store it, and goes on once it is there', async () => {
  const { options, secrets, keysSent } = await newPlace();
  let drafts = 0;
  const writes = flow('writes', { model: 'openai:gpt-5-mini' }, async (ctx) => {
    const draft = await ctx.checkpoint('draft', () => `draft ${++drafts}`);
    await ctx.wait({ name: 'go' });
    return `${draft}, ${await ctx.llm('Hello?')}`;
  });
  await secrets.set('openai', { OPENAI_API_KEY: key });
  {
    await using runtime = await openRuntime(options);
    await (await runtime.start(writes, null, { key: 'r' })).outcome({ returnWhenWaiting: true });
  }
  await secrets.delete('openai');
  {
    await using runtime = await openRuntime(options);
    const handle = await runtime.resume('r', writes);
    await runtime.answer((await runtime.tickets('r'))[0]!.id, null);
    expect(await handle.outcome()).toMatchObject({
      status: 'failed',
      failure: {
        kind: 'auth',
        message:
          '"openai:gpt-5-mini" needs a key. Set OPENAI_API_KEY, or store it as the secret "openai": troupe secrets set openai --value OPENAI_API_KEY',
        data: { secret: 'openai' },
      },
    });
  }
  await secrets.set('openai', { OPENAI_API_KEY: key });
  await using runtime = await openRuntime(options);
  expect(await (await runtime.retry('r', writes)).outcome()).toMatchObject({ output: 'draft 1, hello' });
  expect(keysSent()).toEqual([key]);
});

test('a secret without the key says what it has, and one that cannot be read says why', async () => {
  const { options, secrets } = await newPlace();
  await secrets.set('openai', { ORGANISATION: 'ours' });
  await expect(run(ask, null, options)).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringContaining(
      'The secret "openai" has none under OPENAI_API_KEY or API_KEY, but ORGANISATION. Add it: troupe secrets set openai --value OPENAI_API_KEY',
    ) as unknown,
  });
  const env = { TROUPE_SECRETS_KEY_FILE: join(options.env.TROUPE_SECRETS_KEY_FILE, 'elsewhere') };
  await expect(run(ask, null, { ...options, env })).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringContaining('Set OPENAI_API_KEY. The secret "openai" cannot be read: ') as unknown,
  });
});

test('an error that repeats the key does not show it, and a server that needs no key is not looked up', async () => {
  const refusing = turn.status(401, JSON.stringify({ error: { message: `Incorrect API key: ${key}` } }));
  const { options, secrets, server } = await newPlace({ turns: [refusing, says('local')] });
  await secrets.set('openai', { API_KEY: key });
  await secrets.set('ollama', { API_KEY: key });
  const refused = run(ask, null, options);
  await expect(refused).rejects.toMatchObject({ kind: 'auth', message: expect.not.stringContaining(key) as unknown });
  expect(await run(ask, null, { ...options, model: 'ollama:small' })).toBe('local');
  expect(server.requests.at(-1)?.headers.authorization ?? '').not.toContain(key);
});

test.each([
  [{ openaj: 'x' }, 'gateway.secrets has the unknown provider "openaj"; did you mean "openai"?'],
  [{ openai: 'Not A Name' }, 'gateway.secrets.openai must be the name of a secret, such as "openai"'],
])('secrets for providers are checked when a runtime is opened: %o', async (given, says) => {
  await expect(openRuntime({ db: 'memory', env: {}, gateway: { secrets: given } })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining(says) as unknown,
  });
});
