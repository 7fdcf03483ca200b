/** Addresses of providers that hold secrets: they are used, or refused with what to do, and shown nowhere. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { agent, aiSdkModel, openRuntime, type TroupeError } from 'troupe';
import { systemClock } from '../../src/engine/clock.ts';
import { gateway } from '../../src/gateway/gateway.ts';
import { turn, wires, wireServer, type Turn } from './wireServer.ts';

const secrets = { user: 'canary-user-71', password: 'canary/pass+72', key: 'canary-key-73' };
const written = (url: string) =>
  url.replace('://', `://${secrets.user}:${encodeURIComponent(secrets.password)}@`) + `?key=${secrets.key}`;
const variables = {
  openai: 'OPENAI_BASE_URL',
  anthropic: 'ANTHROPIC_BASE_URL',
  google: 'GOOGLE_BASE_URL',
  'openai-compatible': 'OPENAI_COMPATIBLE_BASE_URL',
  ollama: 'OLLAMA_BASE_URL',
} as const;
const keys = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: 'k' };
const wireOf = (provider: keyof typeof variables) => wires[provider === 'ollama' ? 'openai-compatible' : provider];
const modelOf = (provider: keyof typeof variables) =>
  provider === 'ollama' ? 'ollama:llama3.2' : wireOf(provider).model;

/** Everything that a run leaves behind or shows: outcome, events, and the bytes of the journal. */
async function everything(provider: keyof typeof variables, turns: readonly Turn[], env: object = keys, plain = '') {
  await using server = await wireServer(wireOf(provider).path, turns);
  const folder = mkdtempSync(join(tmpdir(), 'troupe-address-'));
  const shown: string[] = [];
  const observers = [(event: unknown) => void shown.push(JSON.stringify(event))];
  const address = plain === '' ? written(server.url) : plain;
  await using runtime = await openRuntime({
    db: join(folder, 'j.db'),
    env: { ...env, [variables[provider]]: address },
    observers,
    gateway: { retry: { times: 2, backoff: 1 } },
  });
  const clerk = agent({ name: 'clerk', model: modelOf(provider), limits: { maxRetries: 0 } });
  const outcome = await (await runtime.start(clerk, 'Go.')).outcome();
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'));
  return { outcome, requests: server.requests, all: [JSON.stringify(outcome), ...shown, ...files].join('\n') };
}

const expectNoSecret = (all: string) => {
  const { user, password, key } = secrets;
  const login = Buffer.from(`${user}:${password}`).toString('base64');
  for (const secret of [password, key, encodeURIComponent(password), login]) expect(all).not.toContain(secret);
};

const providers = Object.keys(variables) as (keyof typeof variables)[];

test.each(providers.filter((provider) => provider !== 'openai'))(
  '%s: a user, a password and a key in the address are sent and shown nowhere',
  async (provider) => {
    const answer = turn.whole(wireOf(provider).frames({ text: 'Done.' }));
    const { outcome, requests, all } = await everything(provider, [answer]);
    expect(outcome).toMatchObject({ status: 'done', output: 'Done.' });
    expect(requests[0]?.url).toMatch(/\/(chat\/completions|messages|models\/.*)\?.*key=canary-key-73/);
    const login = Buffer.from(`${secrets.user}:${secrets.password}`).toString('base64');
    expect(requests[0]?.headers['authorization']).toBe(`Basic ${login}`);
    expectNoSecret(all);
  },
);

test.each(providers.filter((provider) => provider !== 'openai'))(
  '%s: a server that repeats them in its errors does not spread them',
  async (provider) => {
    const repeats: Turn = (response) => {
      const { url, headers } = response.req;
      response
        .writeHead(500)
        .end(JSON.stringify({ error: { message: `no ${url} ${JSON.stringify(headers)} ${secrets.password}` } }));
    };
    const { outcome, all } = await everything(provider, [repeats]);
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'transient' } });
    expectNoSecret(all);
  },
);

test.each(['openai', 'openai-compatible'] as const)(
  '%s: a user and a password beside a key that is sent in the same header are refused, with what to do',
  async (provider) => {
    const { outcome, requests, all } = await everything(provider, [turn.diesAtOnce()], {
      OPENAI_API_KEY: 'k',
      OPENAI_COMPATIBLE_API_KEY: 'k',
    });
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
    expect(JSON.stringify(outcome)).toMatch(
      new RegExp(`${variables[provider]} has a user and a password.*Take the part before`),
    );
    expect(requests).toHaveLength(0);
    expectNoSecret(all);
  },
);

test('openai: a key in the query of the address is sent beside the key of the provider', async () => {
  await using server = await wireServer('/v1', [turn.whole(wires.openai.frames({ text: 'Done.' }))]);
  await using runtime = await openRuntime({
    db: 'memory',
    env: { ...keys, OPENAI_BASE_URL: ` ${server.url}/?key=${secrets.key}\n` },
  });
  const clerk = agent({ name: 'clerk', model: wires.openai.model });
  expect(await (await runtime.start(clerk, 'Go.')).outcome()).toMatchObject({ output: 'Done.' });
  expect(server.requests[0]).toMatchObject({
    url: `/v1/chat/completions?key=${secrets.key}`,
    headers: { authorization: 'Bearer k' },
  });
});

test.each(['localhost:8080/v1', `canary-user-71:canary@host/v1`, 'ftp://host/v1', 'http://', 'nonsense canary'])(
  'an address that is none is refused by the name of its variable: %s',
  async (plain) => {
    const { outcome, all } = await everything('openai', [turn.diesAtOnce()], keys, plain);
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
    expect(JSON.stringify(outcome)).toContain(
      'OPENAI_BASE_URL must be an address that begins with http:// or https://',
    );
    expect(all).not.toContain('canary');
  },
);

test('an address in a model object made elsewhere is refused, and shown nowhere', async () => {
  const elsewhere = aiSdkModel(createOpenAI({ apiKey: 'k', baseURL: written('http://127.0.0.1:9/v1') }).chat('m'));
  const opened = gateway({ clock: systemClock(), env: {} });
  const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
  const request = { instructions: '', messages: [{ role: 'user' as const, text: 'Go.' }], tools: [] };
  const failure = await opened.answer(elsewhere, request, scope).catch((thrown: unknown) => thrown as TroupeError);
  expect(failure).toMatchObject({ kind: 'invalid', message: expect.stringContaining('[redacted]@') as string });
  expectNoSecret(JSON.stringify(failure) + String((failure as TroupeError).message));
});

const key = 'key-of-a-model-made-elsewhere';
test.each([
  ['openai', (baseURL: string) => createOpenAI({ apiKey: key, baseURL }).chat('m')],
  ['responses', (baseURL: string) => createOpenAI({ apiKey: key, baseURL }).responses('m')],
  ['anthropic', (baseURL: string) => createAnthropic({ apiKey: key, baseURL })('m')],
  ['google', (baseURL: string) => createGoogleGenerativeAI({ apiKey: key, baseURL })('m')],
] as const)('%s: a server that repeats the headers with the key of a model object is not repeated', async (_, made) => {
  await using server = await wireServer('/v1', [
    (response) => {
      const { headers } = server.requests.at(-1) ?? {};
      const error = { type: 'error', code: 401, status: 'UNAUTHENTICATED', message: `Bad: ${JSON.stringify(headers)}` };
      turn.status(401, JSON.stringify({ type: 'error', error }))(response, 0);
    },
  ]);
  const opened = gateway({ clock: systemClock(), env: {} });
  const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
  const request = { instructions: '', messages: [{ role: 'user' as const, text: 'Go.' }], tools: [] };
  const failure = await opened.answer(aiSdkModel(made(server.url)), request, scope).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ kind: 'auth', message: expect.stringContaining('[redacted]') as string });
  expect(JSON.stringify(failure) + (failure as TroupeError).message).not.toContain(key);
});

test('words of a refusal that are no secret are told', async () => {
  const message = 'Basic authentication is off, and Bearer authentication needs x-api-key: required by the proxy.';
  const { outcome } = await everything('anthropic', [
    turn.status(401, JSON.stringify({ type: 'error', error: { type: 'authentication_error', message } })),
  ]);
  expect(JSON.stringify(outcome)).toContain(message);
});

test('half a secret at the end of a long error is hidden as a whole one is', async () => {
  const page = `${'x'.repeat(110)}${secrets.password}`;
  const { outcome, all } = await everything('anthropic', [turn.body('text/html', page)]);
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'transient' } });
  expect(all).not.toContain('canary/p');
});
