/** Deployments over HTTP: a real `troupe serve`, asked as other programs ask it. */
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built, root } from '../built.ts';
import { limits } from '../limits.ts';
import { workspace, type Workspace } from './troupe.ts';

let dir: Workspace;
let url: string;
let serving: ReturnType<Workspace['start']>;
/** What the server has said since it was started. */
let output = '';

async function serve(): Promise<void> {
  serving = dir.start('serve', '--components', 'orchestrator', '--port', '0', '--deployments');
  output = '';
  serving.process.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await serving.until(/The orchestrator is at http:\S+/);
  url = /The orchestrator is at (http:\S+)/.exec(output)?.[1] ?? '';
}

beforeAll(async () => {
  dir = workspace();
  mkdirSync(join(dir.folder, 'node_modules'));
  symlinkSync(built('x.ts').replace(/x\.js$/, ''), join(dir.folder, 'node_modules/troupe'));
  symlinkSync(join(root, 'node_modules/zod'), join(dir.folder, 'node_modules/zod'));
  for (const name of ['desk', 'mail']) {
    dir.file(`${name}.mjs`, readFileSync(built(`test/cli/fixtures/${name}.ts`), 'utf8'));
    expect((await dir.troupe('deploy', `${name}.mjs`)).code).toBe(0);
    rmSync(join(dir.folder, `${name}.mjs`));
  }
  await serve();
}, limits.long);
afterAll(async () => {
  serving.process.kill('SIGTERM');
  await serving.ended;
  dir[Symbol.dispose]();
});

/** The question that is open. */
const ticket = async () => (JSON.parse((await dir.troupe('waits', 'list', '--json')).out) as { id: string }[])[0]?.id;

async function ask(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

test('a deployment is invoked, and its result is waited for', async () => {
  expect(await ask('/deployments/desk/invoke?wait=60s', { topic: 'actors' })).toMatchObject({
    status: 200,
    body: { deployment: 'desk', version: 1, status: 'done', output: { text: 'About actors.' } },
  });
});

test('without waiting the run is begun, and asked for later', async () => {
  const { status, body } = await ask('/deployments/desk/invoke?version=1', { topic: 'cats' });
  expect(status).toBe(202);
  await expect
    .poll(async () => (await ask(`/deployments/desk/runs/${String(body['run_id'])}`)).body)
    .toMatchObject({ status: 'done', output: { text: 'About cats.' } });
  expect((await ask(`/deployments/mail/runs/${String(body['run_id'])}`)).status).toBe(404);
});

test('the same idempotency key is the same run, and another input with it is refused', async () => {
  const keyed = (topic: string) => ask('/deployments/desk/invoke?wait=60s', { topic }, { 'idempotency-key': 'k1' });
  const [first, second] = [await keyed('dogs'), await keyed('dogs')];
  expect(second.body).toEqual(first.body);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect((await keyed('birds')).status).toBe(409);
});

test('versions are listed with what they take', async () => {
  expect((await ask('/deployments')).body['deployments']).toHaveLength(2);
  expect((await ask('/deployments/desk')).body['deployments']).toMatchObject([
    { name: 'desk', version: 1, exclusive: ['default'], schema: { required: ['topic'] } },
  ]);
});

test.each<[string, number]>([
  ['/deployments/gone/invoke', 404],
  ['/deployments/..%2Fdesk/invoke', 404],
  ['/deployments/desk/invoke?version=7', 404],
  ['/deployments/desk/invoke?version=x', 400],
  ['/deployments/desk/invoke?tag=gone', 404],
  ['/deployments/desk/invoke?version=1&tag=default', 400],
  ['/deployments/desk/invoke?wait=1h', 400],
  ['/deployments/desk/invoke', 400],
])('%s with an input that does not fit is refused with %i', async (path, status) => {
  expect((await ask(path, { subject: 7 })).status).toBe(status);
});

test('the command that troupe deployments curl prints works in a shell', async () => {
  const { out } = await dir.troupe('deployments', 'curl', 'desk', '--orchestrator', url);
  expect(out).toContain(`curl -sS -X POST '${url}/deployments/desk/invoke?wait=60s'`);
  expect(out).toContain(`-d '{"topic":"…"}'`);
  const { code, out: answered } = await dir.shell(out);
  expect([code, JSON.parse(answered)]).toMatchObject([0, { status: 'done', output: { text: 'About ….' } }]);
});

test(
  'a server goes on with no run of a deployment that others have parked: its code is not that of the project',
  { timeout: limits.long },
  async () => {
    const asks = (says: string) => `kind: workflow
name: asks
version: 1.0.0
pipeline:
  - {id: ask, wait: {question: "Right?", schema: {type: object}}}
  - {id: after, depends_on: [ask], transform: {inputs: [{from: ask}], ops: [{map: {expr: "\`${says}\`"}}]}}
`;
    mkdirSync(join(dir.folder, 'workflows'));
    dir.file('workflows/asks.workflow.yaml', asks('deployed'));
    await dir.troupe('deploy', 'workflows/asks.workflow.yaml');
    expect((await dir.troupe('invoke', 'asks', '--key', 'job', '--no-ask')).code).toBe(3);
    dir.file('workflows/asks.workflow.yaml', asks('changed'));
    serving.process.kill('SIGTERM');
    await serving.ended;
    await serve();
    expect(output).not.toMatch(/runs? goe?s? on/);
    await dir.troupe('waits', 'answer', (await ticket()) ?? '', '--answer', '{}');
    const resumed = await dir.troupe('runs', 'resume', 'job', '--quiet');
    expect([resumed.code, resumed.out]).toEqual([0, expect.stringContaining('deployed') as string]);
  },
);

test('a run goes on after the process was killed, with its own code', { timeout: limits.long }, async () => {
  const { body } = await ask('/deployments/secretary/invoke', 'send');
  serving.process.kill('SIGKILL');
  await serving.ended;
  await serve();
  await expect.poll(ticket).toBeDefined();
  await dir.troupe('waits', 'answer', (await ticket()) ?? '', '--yes');
  await expect
    .poll(async () => (await ask(`/deployments/secretary/runs/${String(body['run_id'])}`)).body)
    .toMatchObject({ status: 'done', output: 'It is sent.' });
});
