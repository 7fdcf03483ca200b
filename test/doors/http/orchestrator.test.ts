/** The HTTP contract of the orchestrator, row by row. Every answer is also compared with the OpenAPI document. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { signatureHeaders } from '../../../src/security/signature.ts';
import type { HttpAppOptions } from '../../../src/doors/http/base/app.ts';
import { orchestratorRoutes } from '../../../src/doors/http/orchestrator/routes.ts';
import { checkedApp } from './checked.ts';
import { approvalOf, fakeOrchestrator, runOf, stepOf, tokens, time } from './fakeOrchestrator.ts';

async function opened(options: Omit<HttpAppOptions, 'routes'> = {}) {
  const fake = fakeOrchestrator();
  const clock = virtualClock();
  const app = await checkedApp({ ...options, clock, routes: orchestratorRoutes(fake, clock) });
  return { fake, clock, ...app };
}
const textOf = ({ status, text, headers }: { status: number; text: string; headers: Headers }) => [
  status,
  text.trim(),
  headers.get('content-type')?.split(';')[0],
];

describe('GET /health', () => {
  test('a peer that is not configured does no harm', async () => {
    const { ask } = await opened();
    const answer = await ask('GET /health');
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      status: 'ok',
      services: { orchestrator: 'ok', runtime: 'unconfigured', gateway: 'unconfigured' },
    });
  });

  test.each(['down', 'unhealthy', 'error'] as const)('a peer that is %s makes it 503', async (health) => {
    const { ask, fake } = await opened();
    fake.peers = { runtime: async () => 'ok', gateway: async () => health };
    const answer = await ask('GET /health');
    expect([answer.status, answer.json()]).toEqual([
      503,
      { status: 'error', services: { orchestrator: 'ok', runtime: 'ok', gateway: health } },
    ]);
  });

  test('a peer that does not answer is down after two seconds', async () => {
    const { ask, clock, fake } = await opened();
    fake.peers = { runtime: () => new Promise(() => {}), gateway: async () => 'ok' };
    const answer = ask('GET /health');
    await expect.poll(() => clock.next).toBeDefined();
    clock.advance(2_000);
    expect((await answer).json()).toMatchObject({ services: { runtime: 'down', gateway: 'ok' } });
  });
});

describe('POST /invoke/{workflow}', () => {
  test('starts a run: 202 with its id', async () => {
    const { ask, fake } = await opened();
    const answer = await ask('POST /invoke/news', { body: { topic: 'x' } });
    expect([answer.status, answer.json()]).toEqual([202, { run_id: 'run_0000000000000001', status: 'accepted' }]);
    expect(fake.calls).toEqual([['start', 'news', { topic: 'x' }]]);
  });

  test.each([
    ['an empty body', {}],
    ['null', { text: 'null' }],
  ])('%s means no parameters', async (_, more) => {
    const { ask, fake } = await opened();
    expect((await ask('POST /invoke/news', more)).status).toBe(202);
    expect(fake.calls).toEqual([['start', 'news', {}]]);
  });

  test.each([
    ['a broken body', '{"a":', /offset 5/],
    ['an unknown word', '{"a": nope}', /offset 6/],
    ['a list', '[1]', /JSON object/],
    ['text', '"x"', /JSON object/],
    ['a prototype', '{"a":{"__proto__":{}}}', /__proto__/],
    ['too deep a body', `${'['.repeat(129)}${']'.repeat(129)}`, /128/],
    ['a number beyond all numbers', '{"n":1e999}', /too large/],
    ['half a character', '{"n":"\\ud800"}', /surrogate/],
  ])('%s is refused with 400 and starts nothing', async (_, text, why) => {
    const { ask, fake } = await opened();
    const answer = await ask('POST /invoke/news', { text });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(why);
    expect(fake.calls).toEqual([]);
  });

  test.each(['unknown', 'sub', '..%2Fworkflows%2Fnews', '..', '%2e%2e', '.hidden', 'a'.repeat(300), 'a%5Cb'])(
    'a workflow that is not there or hidden is 404, always with the same text: %s',
    async (name) => {
      const { ask } = await opened();
      const answer = await ask(`POST /invoke/${name}`);
      expect(answer.status).toBe(404);
    },
  );

  test('the first field that is missing is named with 422', async () => {
    const { ask, fake } = await opened();
    fake.workflows.set('req', { variable: () => undefined, required: 'm' });
    expect(textOf(await ask('POST /invoke/req', { body: {} }))).toEqual([
      422,
      'input missing required field "m"',
      'text/plain',
    ]);
    expect(fake.all.size).toBe(0);
  });

  const auth = (scheme: string, secret: string) => ({
    auth: { header: 'x-secret', scheme, secret },
    variable: (name: string) => ({ TOKEN: 's3cret', EMPTY: '' })[name],
  });
  test.each([
    ['raw', '{{ env.TOKEN }}', 's3cret', 202],
    ['raw', 'env:TOKEN', 's3cret', 202],
    ['raw', '`s3cret`', 's3cret', 202],
    ['raw', 's3cret', 's3cret', 202],
    ['bearer', '{{env.TOKEN}}', 'Bearer s3cret', 202],
    ['bearer', 's3cret', 'bearer s3cret', 401],
    ['bearer', 's3cret', 's3cret', 401],
    ['raw', 's3cret', 'Bearer s3cret', 401],
    ['raw', '{{ env.TOKEN }}', '{{ env.TOKEN }}', 401],
    ['raw', 's3cret', 's3cre', 401],
    ['raw', 's3cret', undefined, 401],
  ])('with the scheme %s and the secret %s, the header %s gives %i', async (scheme, secret, header, status) => {
    const { ask, fake } = await opened();
    fake.workflows.set('news', auth(scheme, secret));
    const answer = await ask('POST /invoke/news', {
      body: {},
      ...(header === undefined ? {} : { headers: { 'x-secret': header } }),
    });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.json()).toEqual({ error: 'unauthorized' });
  });

  test.each([
    ['a variable that is not set', 'raw', 'env:GONE'],
    ['a variable that is empty', 'raw', '{{ env.EMPTY }}'],
    ['a parameter as secret', 'raw', 'param:X'],
    ['an unknown scheme', 'basic', 's3cret'],
    ['no scheme', '', 's3cret'],
    ['a scheme that is a word of the language', 'constructor', 's3cret'],
    ['another one', 'toString', 's3cret'],
  ])('%s is a misconfiguration: 500, whatever is sent', async (_, scheme, secret) => {
    const { ask, fake } = await opened();
    fake.workflows.set('news', auth(scheme, secret));
    const answer = await ask('POST /invoke/news', { body: {}, headers: { 'x-secret': 'param:X' } });
    expect([answer.status, answer.json()]).toMatchObject([500, { error: 'server misconfiguration' }]);
    expect(answer.text).not.toContain('s3cret');
  });

  const body = '{"größe": 7, "a" : 1}';
  const digest = (as: 'hex' | 'base64', of = body) => createHmac('sha256', 's3cret').update(of).digest(as);
  test.each([
    ['hexadecimal behind sha256=, as GitHub signs', `sha256=${digest('hex')}`, 202],
    ['hexadecimal', digest('hex').toUpperCase(), 202],
    ['base64, as Shopify signs', digest('base64'), 202],
    ['that of another body', digest('hex', '{"größe": 7, "a": 1}'), 401],
    ['a part of it', digest('hex').slice(0, 32), 401],
    ['the secret itself', 's3cret', 401],
    ['nothing', undefined, 401],
  ])('with the scheme hmac-sha256 the header is the HMAC of the exact body: %s', async (_, header, status) => {
    const { ask, fake } = await opened();
    fake.workflows.set('news', auth('hmac-sha256', 'env:TOKEN'));
    const headers: Record<string, string> = header === undefined ? {} : { 'x-secret': header };
    expect((await ask('POST /invoke/news', { text: body, headers })).status).toBe(status);
    expect(fake.calls).toEqual(status === 202 ? [['start', 'news', { größe: 7, a: 1 }]] : []);
  });

  const signedAt = (at: number, more: Readonly<Record<string, string>> = {}) => ({
    ...signatureHeaders({ id: 'msg-1', at, body, secret: 's3cret' }),
    ...more,
  });
  test.each<[string, (now: number) => Readonly<Record<string, string>>, number]>([
    ['now', (now) => signedAt(now), 202],
    ['four minutes ago', (now) => signedAt(now - 4 * 60_000), 202],
    ['six minutes ago', (now) => signedAt(now - 6 * 60_000), 401],
    ['in the future', (now) => signedAt(now + 6 * 60_000), 401],
    [
      'with another secret as well',
      (now) => {
        const headers = signedAt(now);
        return { ...headers, 'webhook-signature': `v1,${digest('base64')} ${headers['webhook-signature']}` };
      },
      202,
    ],
    ['under another id', (now) => signedAt(now, { 'webhook-id': 'msg-2' }), 401],
    [
      'with a version that there is not',
      (now) => signedAt(now, { 'webhook-signature': `v2,${digest('base64')}` }),
      401,
    ],
    ['with no time', (now) => signedAt(now, { 'webhook-timestamp': '' }), 401],
    ['not at all', () => ({}), 401],
  ])('with the scheme standard-webhooks the request is signed: %s', async (_, headers, status) => {
    const { ask, fake, clock } = await opened();
    fake.workflows.set('news', auth('standard-webhooks', 's3cret'));
    expect((await ask('POST /invoke/news', { text: body, headers: { ...headers(clock.now()) } })).status).toBe(status);
  });

  test('a signed request that is sent again begins one run: its id is its key', async () => {
    const { ask, fake, clock } = await opened();
    fake.workflows.set('news', auth('standard-webhooks', 's3cret'));
    const headers = { ...signedAt(clock.now()) };
    const first = await ask('POST /invoke/news', { text: body, headers });
    const second = await ask('POST /invoke/news', { text: body, headers });
    expect(second.json()).toEqual(first.json());
    expect([first, second].map((each) => each.headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  });

  test('a signed request that is sent again with a key of its own, which nobody has signed, begins no other run', async () => {
    const { ask, fake, clock } = await opened();
    fake.workflows.set('news', auth('standard-webhooks', 's3cret'));
    const headers = { ...signedAt(clock.now()) };
    const first = await ask('POST /invoke/news', { text: body, headers });
    const second = await ask('POST /invoke/news', { text: body, headers: { ...headers, 'idempotency-key': 'again' } });
    expect(second.json()).toEqual(first.json());
    expect(fake.all.size).toBe(1);
  });

  test('who may not invoke learns nothing of the body', async () => {
    const { ask, fake } = await opened();
    fake.workflows.set('news', auth('raw', 's3cret'));
    expect((await ask('POST /invoke/news', { text: '{' })).status).toBe(401);
  });

  test('a workflow without a secret of its own needs the token of the server', async () => {
    const { ask } = await opened({ token: 'a-token-of-the-server' });
    expect((await ask('POST /invoke/news')).status).toBe(401);
    const headers = { authorization: 'Bearer a-token-of-the-server' };
    expect((await ask('POST /invoke/news', { headers })).status).toBe(202);
  });

  test('the same Idempotency-Key with the same body is the same run; another body is 409', async () => {
    const { ask, fake } = await opened();
    const headers = { 'idempotency-key': 'order-7' };
    const first = await ask('POST /invoke/news', { body: { a: 1, b: 2 }, headers });
    const second = await ask('POST /invoke/news', { body: { b: 2, a: 1 }, headers });
    expect(second.json()).toEqual(first.json());
    expect([first, second].map((each) => each.headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    const other = await ask('POST /invoke/news', { body: { a: 2 }, headers });
    expect([other.status, other.json()]).toMatchObject([409, { kind: 'conflict' }]);
    expect(fake.all.size).toBe(1);
    fake.workflows.set('other', { variable: () => undefined });
    const elsewhere = await ask('POST /invoke/other', { body: { a: 2 }, headers });
    expect(elsewhere.status).toBe(202);
  });

  test('an Idempotency-Key that is none is refused', async () => {
    const { ask } = await opened();
    expect((await ask('POST /invoke/news', { headers: { 'idempotency-key': 'a b' } })).status).toBe(400);
  });

  test('?wait answers with the result when the run ends in time', async () => {
    const { ask, fake } = await opened();
    const answer = ask('POST /invoke/news?wait=30s', { body: {} });
    await expect.poll(() => fake.all.size).toBe(1);
    fake.end('run_0000000000000001', { status: 'complete', output: { ok: true } });
    expect([(await answer).status, (await answer).json()]).toEqual([
      200,
      { run_id: 'run_0000000000000001', status: 'complete', output: { ok: true } },
    ]);
  });

  test('?wait answers 202 when the run takes longer', async () => {
    const { ask, clock } = await opened();
    const answer = ask('POST /invoke/news?wait=30s', { body: {} });
    await expect.poll(() => clock.next).toBeDefined();
    clock.advance(30_000);
    expect((await answer).status).toBe(202);
  });

  test('?wait ends when the server is about to stop', async () => {
    const { ask, drain, fake } = await opened();
    const answer = ask('POST /invoke/news?wait=30s', { body: {} });
    await expect.poll(() => fake.all.size).toBe(1);
    await drain();
    expect((await answer).status).toBe(202);
    expect((await ask('GET /runs')).status).toBe(503);
  });

  test.each(['soon', '1y', '-1', '6m', '0'])('?wait=%s is refused, and nothing starts', async (wait) => {
    const { ask, fake } = await opened();
    expect((await ask(`POST /invoke/news?wait=${wait}`)).status).toBe(400);
    expect(fake.calls).toEqual([]);
  });
});

describe('GET /runs', () => {
  test('lists runs, the newest first, page by page', async () => {
    const { ask, fake } = await opened();
    for (let at = 1; at <= 120; at++) fake.all.set(`r${at}`, { run: runOf(`r${at}`), steps: [] });
    const seen: string[] = [];
    let next: string | undefined = '';
    const sizes: number[] = [];
    while (next !== undefined) {
      const page = (await ask(`GET /runs${next && `?cursor=${next}`}`)).json() as {
        runs: { id: string }[];
        next?: string;
      };
      sizes.push(page.runs.length);
      seen.push(...page.runs.map(({ id }) => id));
      next = page.next;
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(seen).toEqual(Array.from({ length: 120 }, (_, at) => `r${120 - at}`));
  });

  test.each(['0', '-3', 'many', '1.5', ''])('limit=%s counts as not given', async (limit) => {
    const { ask, fake } = await opened();
    for (let at = 1; at <= 60; at++) fake.all.set(`r${at}`, { run: runOf(`r${at}`), steps: [] });
    const { runs } = (await ask(`GET /runs?limit=${limit}`)).json() as { runs: unknown[] };
    expect(runs).toHaveLength(50);
  });

  test('filters by workflow and status; an unknown status has no runs, an unknown cursor is 400', async () => {
    const { ask, fake } = await opened();
    fake.all.set('a', { run: runOf('a', { workflow_name: 'x', status: 'failed', error: 'why' }), steps: [] });
    fake.all.set('a/s', { run: runOf('a/s', { workflow_name: 'y' }), steps: [] });
    const ids = async (query: string) =>
      ((await ask(`GET /runs?${query}`)).json() as { runs: { id: string }[] }).runs.map(({ id }) => id);
    expect(await ids('workflow=x')).toEqual(['a']);
    expect(await ids('status=running')).toEqual(['a/s']);
    expect(await ids('status=asleep')).toEqual([]);
    expect(await ids('limit=1')).toEqual(['a/s']);
    expect((await ask('GET /runs?cursor=forged')).status).toBe(400);
  });
});

describe('GET /runs/{run_id}', () => {
  test('gives the run and its steps; null when there is none', async () => {
    const { ask, fake } = await opened();
    fake.all.set('r', { run: runOf('r'), steps: [] });
    expect((await ask('GET /runs/r')).json()).toEqual({ run: runOf('r'), steps: null });
    fake.all.set('r', { run: runOf('r'), steps: [stepOf('r', 's')] });
    expect((await ask('GET /runs/r')).json()).toEqual({ run: runOf('r'), steps: [stepOf('r', 's')] });
    expect(textOf(await ask('GET /runs/none'))).toEqual([404, 'run not found', 'text/plain']);
  });

  test('an encoded slash in the id of a sub-run stays part of the id, everywhere', async () => {
    const { ask, fake } = await opened();
    fake.all.set('r/a', { run: runOf('r/a'), steps: [] });
    fake.pending.push(approvalOf('r/a', 's', 'c'));
    expect((await ask('GET /runs/r%2Fa')).json()).toMatchObject({ run: { id: 'r/a' } });
    expect((await ask('GET /runs/r%2fa/envelope')).json()).toMatchObject({ run_id: 'r/a' });
    expect((await ask('GET /envelope/r%2Fa')).json()).toMatchObject({ run_id: 'r/a' });
    expect((await ask('GET /runs/r%2Fa/steps/s/approval')).json()).toMatchObject({ run_id: 'r/a' });
    expect((await ask('POST /runs/r%2Fa/steps/s/approval/decide', { body: { decision: 'approved' } })).status).toBe(
      200,
    );
    expect((await ask('POST /runs/r%2Fa/cancel')).status).toBe(202);
    expect((await ask('GET /runs/r%252Fa')).status).toBe(404);
    expect((await ask('GET /runs/r/a')).status).toBe(404);
  });
});

describe('GET /runs/{run_id}/envelope', () => {
  test.each(['/runs/r/envelope', '/envelope/r'])(
    '%s has the steps that ended, as a list and by id, and their sums',
    async (path) => {
      const { ask, fake } = await opened();
      fake.all.set('r', {
        run: runOf('r', { payload: { topic: 'x' }, status: 'failed', error: 'b failed' }),
        steps: [
          stepOf('r', 'a'),
          stepOf('r', 'b', { status: 'failed', error: 'b failed', code: 'failed', output: { half: 1 } }),
          stepOf('r', 'c', { status: 'running' }),
        ],
      });
      const envelope = (await ask(`GET ${path}`)).json();
      expect(envelope).toMatchObject({
        run_id: 'r',
        workflow: 'news',
        status: 'failed',
        error: 'b failed',
        payload: { topic: 'x' },
        params: { topic: 'x' },
        steps: [
          { id: 'a', output: { result: [1] }, status: 'complete' },
          { id: 'b', output: {}, status: 'failed', error: 'b failed' },
        ],
        steps_by_id: { a: { id: 'a' }, b: { id: 'b' } },
        totals: { duration_ms: 10, tokens_in: 20, tokens_out: 0 },
      });
    },
  );

  test('no step has ended: null; no run: 404', async () => {
    const { ask, fake } = await opened();
    fake.all.set('r', { run: runOf('r'), steps: [] });
    expect((await ask('GET /runs/r/envelope')).json()).toMatchObject({ steps: null, steps_by_id: {} });
    expect(textOf(await ask('GET /runs/x/envelope'))).toEqual([404, 'run not found', 'text/plain']);
  });
});

describe('POST /runs/{run_id}/cancel, pause, resume, retry', () => {
  test.each(['cancel', 'pause', 'resume', 'retry'])(
    '%s tells the run; 404 without one, 409 when it cannot',
    async (command) => {
      const { ask, fake } = await opened();
      fake.all.set('r', { run: runOf('r'), steps: [] });
      fake.all.set('over', { run: runOf('over', { status: 'complete' }), steps: [] });
      const answer = await ask(`POST /runs/r/${command}`);
      expect([answer.status, answer.json()]).toMatchObject([202, { run_id: 'r' }]);
      expect(fake.calls).toEqual([[command, 'r']]);
      expect((await ask(`POST /runs/x/${command}`)).status).toBe(404);
      expect((await ask(`POST /runs/over/${command}`)).status).toBe(409);
    },
  );
});

describe('POST /heartbeat', () => {
  test('any object is taken, and what it says of steps reaches the orchestrator', async () => {
    const { ask, fake } = await opened();
    const active = [{ run_id: 'r/a', step_id: 's' }];
    const answer = await ask('POST /heartbeat', { body: { runtime_id: 'rt-1', active } });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect((await ask('POST /heartbeat', { body: {} })).status).toBe(200);
    expect(fake.calls).toEqual([
      ['heartbeat', { runtime_id: 'rt-1', active }],
      ['heartbeat', { runtime_id: '', active: [] }],
    ]);
  });

  test.each(['nothing', '', '[]', '1'])('%s is no object: 400', async (text) => {
    const { ask } = await opened();
    expect((await ask('POST /heartbeat', { text })).status).toBe(400);
  });
});

describe('POST /runs/{run_id}/steps/{step_id}/complete', () => {
  const payload = { run_id: 'r/a', step_id: 's', status: 'ok', output: { ok: true }, metrics: { tokens_in: 3 } };
  const path = '/runs/r%2Fa/steps/s/complete';

  test.each(['in the URL', 'in a header'])(
    'the end of a step is taken with the token of its dispatch, %s',
    async (where) => {
      const { ask, fake } = await opened({ token: 'another token of the door' });
      const token = tokens.of('r/a', 's');
      const answer = await (where === 'in the URL'
        ? ask(`POST ${path}?token=${token}`, { body: payload })
        : ask(`POST ${path}`, { body: payload, headers: { authorization: `Bearer ${token}` } }));
      expect([answer.status, answer.text]).toEqual([200, '']);
      expect(fake.calls).toMatchObject([
        ['complete', 'r/a', 's', { output: { ok: true }, metrics: { tokens_in: 3, tokens_out: 0 } }],
      ]);
    },
  );

  test.each([
    ['no token', ''],
    ['a wrong token', 'x'],
    ['the token of another step', tokens.of('r/a', 't')],
    ['the token of another run', tokens.of('r', 's')],
    ['the token of another attempt', tokens.of('r/a', 's', 2)],
  ])('with %s nobody can put in a result', async (_, token) => {
    const { ask, fake } = await opened();
    const answer = await ask(`POST ${path}?token=${token}`, { body: payload });
    expect([answer.status, answer.json()]).toEqual([401, { error: 'unauthorized' }]);
    expect(fake.calls).toEqual([]);
  });

  test('what is no result is 400, also one of another step', async () => {
    const { ask } = await opened();
    const url = `POST ${path}?token=${tokens.of('r/a', 's')}`;
    expect((await ask(url, { text: 'no' })).status).toBe(400);
    expect((await ask(url, { body: { ...payload, status: 'fine' } })).status).toBe(400);
    expect((await ask(url, { body: { ...payload, step_id: 't' } })).status).toBe(400);
  });
});

describe('approvals', () => {
  test('GET /approvals is a list of those that are pending', async () => {
    const { ask, fake } = await opened();
    expect((await ask('GET /approvals')).json()).toEqual([]);
    fake.pending.push(approvalOf('r', 's', 'c'), approvalOf('r', 't', 'd', { status: 'approved' }));
    expect((await ask('GET /approvals')).json()).toEqual([approvalOf('r', 's', 'c')]);
    expect((await ask('GET /approvals?status=pending')).json()).toEqual([approvalOf('r', 's', 'c')]);
    expect((await ask('GET /approvals?status=all')).status).toBe(400);
  });

  test('GET the approval of a step: one of several by the id of the call; 404 without one', async () => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c'), approvalOf('r', 's', 'd'));
    expect((await ask('GET /runs/r/steps/s/approval')).json()).toMatchObject({ tool_use_id: 'c' });
    expect((await ask('GET /runs/r/steps/s/approval?tool_use_id=d')).json()).toMatchObject({ tool_use_id: 'd' });
    expect(textOf(await ask('GET /runs/r/steps/x/approval'))).toEqual([404, 'approval not found', 'text/plain']);
  });

  test.each([
    ['approved', 'approved'],
    ['approve', 'approved'],
    ['rejected', 'rejected'],
    ['reject', 'rejected'],
  ])('decide: %s, once', async (word, decision) => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c'));
    const url = 'POST /runs/r/steps/s/approval/decide';
    const answer = await ask(url, { body: { decision: word, reason: 'because' } });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(fake.calls).toEqual([['decide', { run: 'r', step: 's', decision, reason: 'because' }]]);
    expect(textOf(await ask(url, { body: { decision: word } }))).toEqual([
      409,
      `approval already decided: the call of "delete" in the step "s" was ${decision} by a person over HTTP at ${time}`,
      'text/plain',
    ]);
  });

  test.each([{}, { decision: 'maybe' }, { decision: true }, []])('decide: %j is 400', async (body) => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c'));
    expect((await ask('POST /runs/r/steps/s/approval/decide', { body })).status).toBe(400);
    expect((await ask('POST /runs/r/steps/t/approval/decide', { body: { decision: 'approve' } })).status).toBe(404);
  });

  test.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ])('POST /runs/{run_id}/%s decides about the one that waits', async (word, decision) => {
    const { ask, fake } = await opened();
    expect((await ask(`POST /runs/r/${word}`)).status).toBe(404);
    fake.pending.push(approvalOf('r', 's', 'c'));
    expect((await ask(`POST /runs/r/${word}`)).status).toBe(200);
    expect(fake.calls).toEqual([['decide', { run: 'r', step: 's', ticket: 'wait/c', decision }]]);
  });

  test('the same decision again changes nothing; another one is refused with what was decided, by whom and when', async () => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c'));
    expect((await ask('POST /runs/r/approve', { body: { by: 'Ada' } })).status).toBe(200);
    expect((await ask('POST /runs/r/approve')).status).toBe(200);
    expect((await ask('POST /runs/r/approve', { body: { tool_use_id: 'c' } })).status).toBe(200);
    const other = await ask('POST /runs/r/reject', { body: { by: 'Bob' } });
    expect(textOf(other)).toEqual([
      409,
      `approval already decided: the call of "delete" in the step "s" was approved by Ada at ${time}`,
      'text/plain',
    ]);
    expect(fake.calls).toEqual([
      ['decide', { run: 'r', step: 's', ticket: 'wait/c', decision: 'approved', by: 'Ada' }],
    ]);
  });

  test('one that nobody decided in time can be decided no more, with either word', async () => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c', { status: 'timeout', decided_at: time }));
    for (const word of ['approve', 'reject']) {
      const late = await ask(`POST /runs/r/${word}`);
      expect([late.status, late.text]).toEqual([409, expect.stringContaining(`timed out at ${time}`)]);
    }
  });

  test('a decision that was sent again while another call waits is taken for the one that it names', async () => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c', { status: 'approved', decided_at: time }), approvalOf('r', 's', 'd'));
    expect((await ask('POST /runs/r/approve', { body: { tool_use_id: 'c' } })).status).toBe(200);
    expect(fake.calls).toEqual([]);
  });

  test('when several wait, the answer names them, and the request must name one', async () => {
    const { ask, fake } = await opened();
    fake.pending.push(approvalOf('r', 's', 'c'), approvalOf('r', 't', 'd'));
    const unclear = await ask('POST /runs/r/approve');
    expect(unclear.status).toBe(409);
    expect(unclear.text).toMatch(/s \(c\), t \(d\)/);
    expect((await ask('POST /runs/r/approve', { body: { step_id: 't' } })).status).toBe(200);
    expect(fake.calls).toMatchObject([['decide', { step: 't', ticket: 'wait/d' }]]);
  });

  test('calls of one step with the same id are told apart by their tickets, which the refusal names', async () => {
    const { ask, fake } = await opened();
    fake.pending.push(
      approvalOf('r', 's', 'c', { ticket_id: 'wait/1' }),
      approvalOf('r', 's', 'c', { ticket_id: 'wait/2' }),
    );
    const unclear = await ask('POST /runs/r/approve', { body: { tool_use_id: 'c' } });
    expect(unclear.status).toBe(409);
    expect(unclear.text).toMatch(/s \(c\) wait\/1, s \(c\) wait\/2.*ticket_id/);
    const body = { ticket_id: 'wait/2' };
    expect((await ask('POST /runs/r/approve', { body })).status).toBe(200);
    expect((await ask('GET /runs/r/steps/s/approval?ticket_id=wait%2F2')).json()).toMatchObject({ status: 'approved' });
    const decided = await ask('POST /runs/r/steps/s/approval/decide', { body: { decision: 'reject', ...body } });
    expect(decided.status).toBe(409);
    expect(fake.calls).toMatchObject([['decide', { step: 's', ticket: 'wait/2' }]]);
  });

  test('GET /approvals and GET /waits come page by page: `limit`, and the next page in the header `link`', async () => {
    const { ask, fake } = await opened();
    for (const n of [1, 2, 3, 4, 5]) fake.pending.push(approvalOf('r', 's', `c${n}`));
    const seen: string[] = [];
    for (let at: string | undefined = '/approvals?limit=2'; at;) {
      const page = await ask(`GET ${at}`);
      seen.push(...(page.json() as { tool_use_id: string }[]).map(({ tool_use_id: id }) => id));
      at = /^<(.*)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
    for (const list of ['approvals', 'waits']) expect((await ask(`GET /${list}?cursor=no`)).status).toBe(400);
  });
});

describe('questions of wait steps', () => {
  const question = {
    run_id: 'r/a',
    step_id: 'ask.1',
    question: 'Is it right?',
    schema: { type: 'object' },
    created_at: time,
    expires_at: time,
  };

  test('are listed, and answered once: the same answer again changes nothing, another one is refused', async () => {
    const { ask, fake } = await opened();
    expect((await ask('GET /waits')).json()).toEqual([]);
    fake.questions.push(question);
    expect((await ask('GET /waits')).json()).toEqual([question]);
    const url = 'POST /runs/r%2Fa/steps/ask.1/answer';
    expect((await ask(url, { body: { answer: 'yes' } })).status).toBe(400);
    expect((await ask(url, { body: {} })).status).toBe(400);
    const body = { answer: { right: true }, by: 'Ada' };
    for (const _ of [1, 2]) expect((await ask(url, { body })).status).toBe(200);
    const other = await ask(url, { body: { answer: { right: false } } });
    expect([other.status, other.text]).toEqual([409, expect.stringContaining('answered before')]);
    expect(fake.calls).toEqual([['answer', 'r/a', 'ask.1', { right: true }, 'Ada']]);
    expect((await ask('POST /runs/r/steps/none/answer', { body })).status).toBe(404);
  });
});

test.each([
  'GET /runs',
  'GET /runs/r',
  'GET /runs/r/envelope',
  'GET /envelope/r',
  'POST /runs/r/cancel',
  'POST /heartbeat',
  'GET /approvals',
  'GET /runs/r/steps/s/approval',
  'POST /runs/r/steps/s/approval/decide',
  'POST /runs/r/approve',
  'GET /waits',
  'POST /runs/r/steps/s/answer',
])('%s needs the token, when the server has one', async (what) => {
  const { ask } = await opened({ token: 'a-token-of-the-server' });
  const without = await ask(what);
  expect([without.status, without.json()]).toMatchObject([401, { kind: 'auth' }]);
  expect(without.headers.get('www-authenticate')).toBe('Bearer');
  expect((await ask(what, { headers: { authorization: 'Bearer a-token-of-the-serveR' } })).status).toBe(401);
  expect((await ask(what, { headers: { authorization: 'bearer a-token-of-the-server' } })).status).not.toBe(401);
});
