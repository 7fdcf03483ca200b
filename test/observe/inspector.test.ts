/** The inspector: its messages, its access control and slow viewers. */
import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { inspector, type Inspector, type InspectorOptions } from '../../src/observe/inspector.ts';
import { redactor } from '../../src/observe/redactor.ts';
import { commit, effect } from './inspections.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
async function serve(options: Partial<InspectorOptions> = {}): Promise<Inspector> {
  const view = await inspector({ token: 'letmein', ...options });
  open.push(view);
  return view;
}

type Message = Record<string, never> & { type: string; sessionId: string };

/** A viewer; `until` resolves when that number of messages has arrived. */
function watch(view: Inspector, { origin, token }: { origin?: string; token?: string } = {}) {
  const url = new URL(view.url);
  const feed = `ws://${url.host}/feed?token=${token ?? 'letmein'}`;
  const socket = new WebSocket(feed, origin === undefined ? {} : { origin });
  const got: Message[] = [];
  const waiting: { count: number; done: () => void }[] = [];
  socket.on('message', (data: Buffer) => {
    got.push(JSON.parse(data.toString('utf8')) as Message);
    for (const { count, done } of waiting) if (got.length >= count) done();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const refused = new Promise<number | undefined>((resolve) => {
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('open', () => resolve(undefined));
  });
  socket.on('error', () => {});
  open.push({ [Symbol.asyncDispose]: async () => socket.terminate() });
  const until = (count: number) =>
    got.length >= count ? Promise.resolve() : new Promise<void>((done) => waiting.push({ count, done }));
  return { socket, got, until, closed, refused };
}

const get = (
  view: Inspector,
  {
    host,
    token = 'letmein',
    path = '/',
    method = 'GET',
  }: { host?: string; token?: string; path?: string; method?: string } = {},
) =>
  new Promise<{ status: number; body: string; policy: string | undefined }>((resolve, reject) => {
    const { port } = new URL(view.url);
    request(
      { host: '127.0.0.1', port, method, path: `${path}?token=${token}`, headers: host === undefined ? {} : { host } },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            body,
            policy: response.headers['content-security-policy'] as string | undefined,
          }),
        );
      },
    )
      .on('error', reject)
      .end();
  });

test("a step is sent as the three messages that Stately's inspector reads", async () => {
  const view = await serve({ definition: (type) => (type === 'agent' ? '{"id":"agent","states":{}}' : undefined) });
  const viewer = watch(view);
  await viewer.refused;
  view.observe(
    commit({
      actor: 'run/r1',
      parent: undefined,
      event: { id: 'm0', type: 'xstate.init', from: undefined, body: null },
    }),
  );
  view.observe(commit({ failure: { kind: 'tool', message: 'broke', retryable: false }, status: 'failed' }));
  await viewer.until(6);
  expect(viewer.got.map(({ type, sessionId }) => `${type} ${sessionId}`)).toEqual([
    '@xstate.actor run/r1',
    '@xstate.event run/r1',
    '@xstate.snapshot run/r1',
    '@xstate.actor agent/r1.writer',
    '@xstate.event agent/r1.writer',
    '@xstate.snapshot agent/r1.writer',
  ]);
  expect(viewer.got[3]).toMatchObject({
    rootId: 'run/r1',
    parentId: 'run/r1',
    definition: '{"id":"agent","states":{}}',
    _version: expect.any(String),
  });
  expect(viewer.got[4]).toMatchObject({
    sourceId: 'run/r1',
    event: { type: 'draft', text: 'a' },
    createdAt: expect.stringMatching(/^\d+$/),
  });
  expect(viewer.got[5]).toMatchObject({
    snapshot: { status: 'error', value: { active: { work: 'thinking' } }, context: {}, error: { message: 'broke' } },
  });
});

test('a late viewer receives the current state of every actor, and the latest events', async () => {
  const view = await serve({ keep: 4 });
  for (let seq = 1; seq <= 10; seq++) view.observe(commit({ seq, state: `s${seq}` }));
  view.observe(commit({ actor: 'agent/r1.other', state: 'early' }));
  const viewer = watch(view);
  await viewer.until(6);
  expect(viewer.got.map(({ type }) => type)).toEqual([
    '@xstate.actor',
    '@xstate.actor',
    '@xstate.event',
    '@xstate.snapshot',
    '@xstate.event',
    '@xstate.snapshot',
  ]);
  expect(viewer.got[0]).toMatchObject({ sessionId: 'agent/r1.writer', snapshot: { value: 's10' } });
});

test('running effects are sent too', async () => {
  const view = await serve();
  const viewer = watch(view);
  await viewer.refused;
  view.observe(effect('effect.started'));
  await viewer.until(1);
  expect(viewer.got[0]).toMatchObject({
    type: 'troupe.effect',
    actor: 'agent/r1.writer',
    name: 'callModel',
    status: 'started',
  });
});

test('the health report is sent, to late viewers too', async () => {
  const view = await serve({ keep: 1 });
  const turned = (name: string, status: 'healthy' | 'failing') =>
    view.observe({
      type: 'health',
      at: 0,
      run: 'r1',
      actor: 'agent/r1',
      component: { kind: 'model', name },
      from: undefined,
      standing: { status, calls: 1, failures: 0, rate: 0 },
    });
  turned('a:one', 'healthy');
  turned('b:two', 'healthy');
  turned('a:one', 'failing');
  const viewer = watch(view);
  await viewer.until(2);
  expect(viewer.got).toMatchObject([
    { type: 'troupe.health', component: 'model/a:one', status: 'failing' },
    { type: 'troupe.health', component: 'model/b:two', status: 'healthy' },
  ]);
});

test('a connection without the token is refused', async () => {
  const view = await serve();
  expect((await get(view, { token: '' })).status).toBe(401);
  expect((await get(view, { token: 'letmeim' })).status).toBe(401);
  expect(await watch(view, { token: 'wrong' }).refused).toBe(401);
});

test('requests from other hosts and origins are refused', async () => {
  const view = await serve();
  expect((await get(view, { host: 'evil.example' })).status).toBe(421);
  expect(await watch(view, { origin: 'https://evil.example' }).refused).toBe(403);
  expect(await watch(view, { origin: 'null' }).refused).toBe(403);
  expect(await watch(view, { origin: new URL(view.url).origin }).refused).toBe(undefined);
});

test('it listens on loopback only, on a free port or the one that was asked for', async () => {
  const first = await serve();
  expect(new URL(first.url).hostname).toBe('127.0.0.1');
  const port = Number(new URL(first.url).port);
  await expect(inspector({ token: 'x', port })).rejects.toMatchObject({ name: 'TroupeError', kind: 'environment' });
});

test('the page is served with a policy that lets nothing else run', async () => {
  const view = await serve();
  const { status, body, policy } = await get(view);
  expect(status).toBe(200);
  expect(body).toContain('Troupe');
  expect(policy).toMatch(/default-src 'none'; script-src 'sha256-/);
  expect(policy).not.toContain('unsafe');
  expect((await get(view, { path: '/other' })).status).toBe(404);
  expect((await get(view, { method: 'POST' })).status).toBe(404);
});

test('a viewer that does not read is disconnected before it fills the memory, and the others continue', async () => {
  const view = await serve({ maxBufferedBytes: 100_000 });
  const slow = watch(view);
  const quick = watch(view);
  await Promise.all([slow.refused, quick.refused]);
  slow.socket.pause();
  const large = { text: 'x'.repeat(200_000) };
  for (let seq = 1; seq <= 100; seq++) {
    view.observe(commit({ seq, context: large }));
    await quick.until(seq * 2 + 1);
  }
  slow.socket.resume();
  expect(await slow.closed).toBe(1013);
  expect(slow.got.length).toBeLessThan(quick.got.length);
});

test('a late viewer of many runs with long contexts gets all that is kept, and then what happens', async () => {
  const view = await serve();
  const context = { transcript: 'x'.repeat(40_000) };
  for (let run = 0; run < 500; run++) view.observe(commit({ actor: `agent/r${run}`, parent: undefined, context }));
  const viewer = watch(view);
  await viewer.refused;
  view.observe(commit({ actor: 'agent/r7', parent: undefined, context, state: 'afterwards' }));
  await Promise.race([
    viewer.until(500 + 1_000 + 2),
    viewer.closed.then((code) => Promise.reject(new Error(`closed with ${code} after ${viewer.got.length} messages`))),
  ]);
  expect(viewer.got.slice(0, 500).every(({ type }) => type === '@xstate.actor')).toBe(true);
  expect(viewer.got.at(-1)).toMatchObject({ sessionId: 'agent/r7', snapshot: { value: 'afterwards' } });
});

test('a context that is too large is left out, and the message says so', async () => {
  const view = await serve();
  const viewer = watch(view);
  await viewer.refused;
  view.observe(commit({ context: { text: 'x'.repeat(300_000) } }));
  await viewer.until(3);
  expect(viewer.got[2]).toMatchObject({
    snapshot: { value: { active: { work: 'thinking' } }, context: { omitted: expect.stringContaining('characters') } },
  });
});

test('secrets do not reach a viewer', async () => {
  const view = await serve({ redact: redactor(['sk-hidden-key']) });
  view.observe(commit({ context: { key: 'sk-hidden-key' } }));
  const viewer = watch(view);
  await viewer.until(3);
  expect(JSON.stringify(viewer.got)).not.toContain('sk-hidden-key');
});
