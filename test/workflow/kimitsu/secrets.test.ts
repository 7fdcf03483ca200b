/** The way of a secret: from the environment to a tool server, and to nobody else. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDoubles, type Doubles } from './doubles.ts';
import { outputOfStep, playOwn, scriptedAgent, steps, toolCalls } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const canary = 'canary-4711';
const env = { KEY: canary, OPEN: 'open-value' };
const head = 'env: [{name: KEY, secret: true}, {name: OPEN}]\n';
const secretKey = { 'key!': { type: 'string', secret: true }, topic: { type: 'string' } };
const agent = (
  more: string,
  params: NonNullable<Parameters<typeof scriptedAgent>[1]>['params'] = secretKey,
  user?: string,
) =>
  scriptedAgent([toolCalls(['c1', 'kv_get', { k: 'x' }]), '{"ok":true}'], {
    more,
    params,
    ...(user === undefined ? {} : { user }),
  });
const reference = (params = '{token: "{{ params.key }}"}') =>
  `servers: [{name: kv, path: ../servers/a.server.yaml, params: ${params}, access: {allowlist: ["kv_*"]}}]`;
const server = (auth = 'auth: {header: X-Key, scheme: raw, secret: "{{ params.key }}"}', secret = true) =>
  `name: kv\nurl: "http://localhost:6161"\n${auth}\nparams: {token: {description: The token., secret: ${secret}}}\n`;
const step = (params: string, above = head) =>
  steps(`  - {id: s, agent: agents/a.agent.yaml, params: ${params}}\n`, above);

test.each([
  ['as a template', '"{{ env.KEY }}"', head],
  ['in the older spelling', '"env:KEY"', head],
  ['in the older spelling, not declared', '"env:KEY"', ''],
  ['in the older spelling, declared and not as a secret', '"env:KEY"', 'env: [{name: KEY}]\n'],
])('a secret that is passed all the way, %s, reaches the server, and nobody else', async (_, text, above) => {
  const played = await playOwn(
    {
      'agents/a.agent.yaml': agent(reference()),
      'servers/a.server.yaml': server(),
      ...step(`{key: ${text}, topic: t}`, above),
    },
    doubles,
    { env },
  );
  expect(played.stored).not.toContain(canary);
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
  const [first] = played.tools;
  expect(first?.method).toBe('initialize');
  expect(first?.params['config']).toEqual({ token: canary });
  expect(new Set(played.tools.map(({ headers }) => headers['x-key']))).toEqual(new Set([canary]));
  expect(JSON.stringify(played.models)).not.toContain(canary);
  expect(JSON.stringify(played.steps)).not.toContain(canary);
  expect(played.models[0]?.messages.find(({ role }) => role === 'user')?.content).toBe('{"topic":"t"}');
});

test('a secret parameter that is not given is no part of what the model is asked', async () => {
  const params = { key: { type: 'string', secret: true, default: '' }, topic: { type: 'string', default: 't' } };
  const asked = scriptedAgent(['{"ok":true}'], { params });
  const played = await playOwn({ 'agents/a.agent.yaml': asked, ...step('{}') }, doubles, { env });
  expect(played.models[0]?.messages.find(({ role }) => role === 'user')?.content).toBe('{"topic":"t"}');
});

test('a secret of `bearer` follows the word Bearer', async () => {
  const played = await playOwn(
    {
      'agents/a.agent.yaml': agent(reference()),
      'servers/a.server.yaml': server('auth: {secret: "{{ params.key }}"}'),
      ...step('{key: "{{ env.KEY }}"}'),
    },
    doubles,
    { env },
  );
  expect(played.tools[0]?.headers.authorization).toBe(`Bearer ${canary}`);
});

test.each([
  ['a literal for a secret parameter', step('{key: literal}'), agent(reference()), server(), /secret/],
  [
    'a variable that is not secret for a secret parameter',
    step('{key: "{{ env.OPEN }}"}'),
    agent(reference()),
    server(),
    /secret/,
  ],
  [
    'a secret for a parameter that is not secret',
    step('{key: "{{ env.KEY }}", topic: "{{ env.KEY }}"}'),
    agent(reference()),
    server(),
    /secret/,
  ],
  [
    'a secret parameter in the user prompt',
    step('{key: "{{ env.KEY }}"}'),
    agent(reference(), secretKey, 'It is {{ params.key }}.'),
    server(),
    /secret must not be in a prompt/,
  ],
  [
    'a secret server parameter that is given an open one',
    step('{key: "{{ env.KEY }}", topic: t}'),
    agent(reference('{token: "{{ params.topic }}"}')),
    server(),
    /secret/,
  ],
  [
    'an authentication with an open parameter',
    step('{key: "{{ env.KEY }}", topic: t}'),
    agent(reference()),
    server('auth: {secret: "{{ params.topic }}"}'),
    /secret/,
  ],
  [
    'a server parameter without a value',
    step('{key: "{{ env.KEY }}"}'),
    agent(reference('{}')),
    server(),
    /needs a value for its parameter "token"/,
  ],
  [
    'an agent that reads the environment',
    step('{key: "{{ env.KEY }}"}'),
    agent(reference('{token: "env:KEY"}')),
    server(),
    /Only a root workflow reads the environment/,
  ],
])('a broken chain fails before anybody is asked: %s', async (_, files, agentFile, serverFile, says) => {
  const played = await playOwn(
    { ...files, 'agents/a.agent.yaml': agentFile, 'servers/a.server.yaml': serverFile },
    doubles,
    { env },
  );
  expect(played).toMatchObject({ status: 'failed', models: [], tools: [] });
  expect(played.failure?.message).toMatch(says);
  expect(JSON.stringify(played)).not.toContain(canary);
});

test('the name of a secret parameter may be the beginning of the name of another', async () => {
  const params = { 'k!': { type: 'string', secret: true }, kk: { type: 'string' } };
  const played = await playOwn(
    {
      'agents/a.agent.yaml': scriptedAgent(['{"ok":true}'], { params, user: 'It is {{ params.kk }}.' }),
      ...step('{k: "{{ env.KEY }}", kk: shown}'),
    },
    doubles,
    { env },
  );
  expect(played.models[0]?.messages.find(({ role }) => role === 'user')?.content).toBe('It is shown.');
});

test('a secret in a webhook arrives, and is in no failure', async () => {
  const hook = (url: string) => steps(`  - {id: w, webhook: {url: "${url}", body: {key: "{{ env.KEY }}"}}}\n`, head);
  const sent = await playOwn(hook('http://localhost:6163/bot{{ env.KEY }}/send'), doubles, { env });
  expect(sent.hooks).toMatchObject([{ url: `/bot${canary}/send`, body: JSON.stringify({ key: canary }) }]);
  const failed = await playOwn(hook('http://localhost:1/{{ env.KEY }}'), doubles, { env });
  expect(failed.failure?.message).toContain('[REDACTED]');
  expect(JSON.stringify(failed)).not.toContain(canary);
});

test('a secret default is a secret, too', async () => {
  const withDefault = 'env: [{name: NOT_SET, secret: true, default: canary-default}]\n';
  const played = await playOwn(
    steps('  - {id: w, webhook: {url: "http://localhost:1/{{ env.NOT_SET }}"}}\n', withDefault),
    doubles,
  );
  expect(JSON.stringify(played)).not.toContain('canary-default');
});

test('a declared variable that is not set and has no default fails the run, naming it', async () => {
  const played = await playOwn(steps('  - {id: t, transform: {ops: []}}\n', 'env: [{name: NOT_SET}]\n'), doubles);
  expect(played).toMatchObject({ status: 'failed', steps: {} });
  expect(played.failure?.message).toMatch(/w\.workflow\.yaml:3:\d+: The variable "NOT_SET" is not set/);
});
