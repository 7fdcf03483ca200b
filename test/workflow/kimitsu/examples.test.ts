/** Small whole projects, of the kinds that the format's own examples have. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRuntime } from '../../../src/runtime/runtime.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { httpDoor } from '../../../src/doors/http/base/door.ts';
import { orchestratorRoutes } from '../../../src/doors/http/orchestrator/routes.ts';
import { orchestratorService } from '../../../src/doors/http/serve/orchestratorService.ts';
import { projectFiles } from '../../../src/doors/http/serve/projectFiles.ts';
import { loadProject } from '../../../src/workflow/files/project/project.ts';
import { validateProject } from '../../../src/workflow/files/report/validate.ts';
import type { Files } from '../files/written.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { ownProject, outputOfStep, playOwn, scriptedAgent, steps, usersAsked } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const greeting: Files = {
  'agents/greeter.agent.yaml': scriptedAgent(['{"greeting":"Hi"}'], {
    more: 'max_turns: 1',
    schema: { type: 'object', required: ['greeting'], properties: { greeting: { type: 'string' } } },
    user: 'Greet {{ params.name }}.',
    params: { 'name!': { type: 'string' } },
  }),
  'workflows/w.workflow.yaml': `kind: workflow
name: hello
version: "1.0.0"
env: [{name: OUTPUT_WEBHOOK_URL, secret: true}]
params: {schema: {type: object, required: [name], properties: {name: {type: string}}}}
pipeline:
  - {id: greet, agent: agents/greeter.agent.yaml@1.0.0, params: {name: "{{ params.name }}"}}
  - id: send
    webhook:
      url: "{{ env.OUTPUT_WEBHOOK_URL }}"
      body: {greeting: step.greet.greeting, name: params.name, from: kimitsu}
`,
};
const env = { OUTPUT_WEBHOOK_URL: 'http://localhost:6163/out' };

test('a greeting is written by an agent and sent by a webhook', async () => {
  const played = await playOwn(greeting, doubles, { input: { name: 'World' }, env });
  expect(played.status).toBe('complete');
  expect(usersAsked(played)[0]).toMatch(/^Greet World\./);
  expect(played.models).toHaveLength(1);
  expect(played.hooks.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { greeting: 'Hi', name: 'World', from: 'kimitsu' },
  ]);
  expect(outputOfStep(played, 'send')).toEqual({ sent: true, status_code: 200 });
});

test('a greeting for nobody is refused, naming what is missing', async () => {
  const played = await playOwn(greeting, doubles, { env });
  expect(played).toMatchObject({ http: 422, failure: { message: expect.stringContaining('"name"') as string } });
});

test('a project of this kind is valid', async () => {
  const report = await validateProject(await loadProject({ projectDir: ownProject(greeting, doubles), env }));
  expect(report).toMatchObject({ valid: true, errors: 0 });
  expect(report.files).toHaveLength(3);
});

const reply: Files = {
  'workflows/reply.workflow.yaml': `kind: workflow
visibility: sub-workflow
webhooks: execute
params:
  schema:
    required: [webhook_url, channel_id, text]
    properties:
      webhook_url: {type: string}
      channel_id: {type: string}
      text: {type: string}
      username: {type: string, default: kimitsu}
pipeline:
  - id: post
    webhook:
      url: "{{ params.webhook_url }}"
      body: {channel: params.channel_id, text: params.text, username: params.username}
`,
};
const calling = (more: string) =>
  steps(
    `  - {id: reply, workflow: ./reply.workflow.yaml${more}, params: {webhook_url: "{{ env.OUTPUT_WEBHOOK_URL }}", channel_id: C1, text: hi}}\n`,
    'env: [{name: OUTPUT_WEBHOOK_URL}]\n',
  );

test('a reply is sent once, with the defaults of its parameters', async () => {
  const played = await playOwn({ ...reply, ...calling(', webhooks: execute') }, doubles, { env });
  expect(played.hooks.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { channel: 'C1', text: 'hi', username: 'kimitsu' },
  ]);
  expect(outputOfStep(played, 'reply')).toEqual({ sent: true, status_code: 200 });
});

test('a reply is not sent when its step does not say so, and the run completes', async () => {
  const played = await playOwn({ ...reply, ...calling('') }, doubles, { env });
  expect(played).toMatchObject({ status: 'complete', hooks: [] });
  expect(outputOfStep(played, 'reply')).toEqual({});
});

test('the fields of a message are picked out; `input` is another word for the parameters', async () => {
  const pick = '{text: event.text, user_id: event.user, channel_id: event.channel, team_id: team_id}';
  const played = await playOwn(
    steps(`  - {id: read, transform: {inputs: [{from: input}], ops: [{map: {expr: "${pick}"}}]}}\n`),
    doubles,
    { input: { event: { text: 't', user: 'u', channel: 'c' }, team_id: 'T' } },
  );
  expect(outputOfStep(played, 'read')).toEqual({
    result: [{ text: 't', user_id: 'u', channel_id: 'c', team_id: 'T' }],
  });
});

const triage = {
  type: 'object',
  required: ['category', 'confidence'],
  properties: {
    category: { type: 'string', enum: ['billing', 'bug'] },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
  },
};

test.each([
  ['fits', '{"category":"billing","confidence":0.94}', 'complete', /^$/],
  ['has not all fields', '{"category":"billing"}', 'failed', /"confidence"/],
  ['has a word that is not in the list', '{"category":"x","confidence":1}', 'failed', /\/category must be one of/],
  ['has a number out of range', '{"category":"bug","confidence":2}', 'failed', /\/confidence must be <= 1/],
])('an answer that %s', async (_, answer, status, says) => {
  const files = { 'agents/a.agent.yaml': scriptedAgent([answer], { schema: triage }) };
  const played = await playOwn({ ...files, ...steps('  - {id: s, agent: agents/a.agent.yaml}\n') }, doubles);
  expect(played.status).toBe(status);
  expect(played.failure?.message ?? '').toMatch(says);
});

test('a number of a chat keeps all of its digits in a prompt', async () => {
  const files = {
    'agents/a.agent.yaml': scriptedAgent(['{"ok":true}'], {
      user: 'Chat {{ params.chat }}',
      params: { 'chat!': { type: 'string' } },
    }),
    ...steps('  - {id: s, agent: agents/a.agent.yaml, params: {chat: "{{ params.message.chat.id }}"}}\n'),
  };
  const played = await playOwn(files, doubles, { input: { message: { chat: { id: 987_654_321_012 } } } });
  expect(usersAsked(played)).toEqual(['Chat 987654321012']);
});

test.each([
  ['the right token', { 'X-Telegram-Bot-Api-Secret-Token': 'tok' }, 202],
  ['another token', { 'X-Telegram-Bot-Api-Secret-Token': 'tok2' }, 401],
  ['no token', {}, 401],
])('a message of a bot is taken with %s: %s', async (_, headers, status) => {
  const echo = `kind: workflow
env: [{name: TOKEN, secret: true}]
invoke: {auth: {header: X-Telegram-Bot-Api-Secret-Token, scheme: raw, secret: "env:TOKEN"}}
params: {schema: {type: object, additionalProperties: true}}
pipeline:
  - {id: t, condition: "params.message.text != null", transform: {inputs: [params], ops: []}}
`;
  const dir = ownProject({ 'workflows/echo.workflow.yaml': echo }, doubles);
  await using runtime = await openRuntime({ journal: memory(), env: {} });
  const files = projectFiles({ projectDir: dir, env: { TOKEN: 'tok' }, clock: systemClock() });
  const service = orchestratorService({ runtime, files, clock: systemClock(), peers: {}, warn: () => {} });
  await using door = await httpDoor({ port: 0, routes: orchestratorRoutes(service) });
  const answer = await fetch(`${door.url}/invoke/echo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"update_id":1}',
  });
  expect(answer.status).toBe(status);
  if (status !== 202) return;
  const { run_id: id } = (await answer.json()) as { run_id: string };
  await service.ended(id, AbortSignal.timeout(30_000));
  expect(await service.run(id)).toMatchObject({ run: { status: 'complete' }, steps: [{ id: 't', status: 'skipped' }] });
});
