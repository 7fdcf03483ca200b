/** The HTTP contracts of runtime and gateway, and the clients that speak them. Every answer is also compared with the OpenAPI document. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import { agentTaskOf, invocationOf } from '../../../src/doors/http/contracts/agentWork.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { httpApp } from '../../../src/doors/http/base/app.ts';
import { httpDoor } from '../../../src/doors/http/base/door.ts';
import { sendCallback } from '../../../src/doors/http/clients/callback.ts';
import { gatewayClient } from '../../../src/doors/http/clients/gatewayClient.ts';
import { callbackUrl } from '../../../src/doors/http/clients/peerUrl.ts';
import { peerProbe } from '../../../src/doors/http/clients/probe.ts';
import { runtimeClient } from '../../../src/doors/http/clients/runtimeClient.ts';
import type { ModelInvocation } from '../../../src/doors/http/contracts/modelRequest.ts';
import { gatewayStatuses } from '../../../src/gateway/groups/codes.ts';
import type { InvokeRequest } from '../../../src/doors/http/contracts/runtimeRequest.ts';
import { CallbackPayload } from '../../../src/doors/http/contracts/stepMessages.ts';
import { gatewayRoutes, type GatewayService } from '../../../src/doors/http/gateway.ts';
import { orchestratorRoutes } from '../../../src/doors/http/orchestrator/routes.ts';
import type { HttpRoute } from '../../../src/doors/http/base/route.ts';
import { runtimeRoutes } from '../../../src/doors/http/runtime.ts';
import { checkedApp } from './checked.ts';
import { fakeOrchestrator, tokens } from './fakeOrchestrator.ts';

const work = { run_id: 'r/a', step_id: 's', callback_url: 'http://localhost:5050/x?token=t' };
const messages = [{ role: 'user' as const, content: 'x' }];
const answer = { content: 'hi', model_resolved: 'p/m', tokens_in: 1, tokens_out: 2, cost_usd: 0.5 };

/** A `fetch` that reaches an app without a socket. */
async function fetchOf(routes: readonly HttpRoute[], token?: string): Promise<typeof fetch> {
  const app = await httpApp({ routes, ...(token === undefined ? {} : { token }) });
  return async (url, init) => app.fetch(new Request(url as string, init));
}

describe('the runtime', () => {
  const opened = async () => {
    const taken: InvokeRequest[] = [];
    const { ask } = await checkedApp({
      routes: runtimeRoutes({ invoke: async (request) => void taken.push(request) }),
    });
    return { ask, taken };
  };

  test('GET /health', async () => {
    const { ask } = await opened();
    expect((await ask('GET /health')).json()).toEqual({ status: 'ok' });
  });

  test('POST /invoke takes the work: 202', async () => {
    const { ask, taken } = await opened();
    const reply = await ask('POST /invoke', { body: { ...work, max_turns: 3, future_field: 1 } });
    expect([reply.status, reply.json()]).toEqual([202, { run_id: 'r/a', step_id: 's', status: 'accepted' }]);
    expect(taken).toMatchObject([{ ...work, max_turns: 3, system: '' }]);
  });

  test.each([0, -1, undefined])('max_turns %s means 10', async (turns) => {
    const { ask, taken } = await opened();
    await ask('POST /invoke', { body: { ...work, ...(turns === undefined ? {} : { max_turns: turns }) } });
    expect(taken).toMatchObject([{ max_turns: 10 }]);
  });

  test.each(['run_id', 'step_id', 'callback_url'])('without %s it is an invalid request: 400', async (field) => {
    const { ask, taken } = await opened();
    const reply = await ask('POST /invoke', { body: { ...work, [field]: '' } });
    expect([reply.status, reply.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    expect(taken).toEqual([]);
  });

  test.each(['', '{', '[]'])('the body %s is an invalid request: 400', async (text) => {
    const { ask } = await opened();
    const reply = await ask('POST /invoke', { text });
    expect([reply.status, reply.json()]).toMatchObject([400, { error: 'invalid_request' }]);
  });

  test.each(['file:///etc/passwd', 'x', 'http://a:b@host/'])('%s is no callback URL', async (url) => {
    const { ask } = await opened();
    expect((await ask('POST /invoke', { body: { ...work, callback_url: url } })).status).toBe(400);
  });
});

describe('the gateway', () => {
  const opened = async (invoke: GatewayService['invoke'] = async () => answer) =>
    checkedApp({ routes: gatewayRoutes({ invoke }) });

  test('POST /invoke gives the answer of the model', async () => {
    const asked: ModelInvocation[] = [];
    const { ask } = await opened(async (request) => {
      asked.push(request);
      return { ...answer, tool_calls: [{ id: '1', name: 't', arguments: { a: 1 } }] };
    });
    const said = [{ role: 'tool', content: 'x', tool_call_id: '1' }];
    const reply = await ask('POST /invoke', {
      body: { run_id: 'r', step_id: 's', group: 'g', messages: said, max_tokens: 5 },
    });
    expect([reply.status, reply.json()]).toMatchObject([200, { content: 'hi', tool_calls: [{ name: 't' }] }]);
    expect(asked).toMatchObject([{ group: 'g', messages: said, max_tokens: 5 }]);
  });

  test.each(Object.entries(gatewayStatuses))('%s is answered with %i', async (error, status) => {
    const { ask } = await opened(async () => ({
      error: error as keyof typeof gatewayStatuses,
      message: 'why',
      retryable: status === 502,
    }));
    const reply = await ask('POST /invoke', { body: { group: 'g', messages: [{ role: 'user', content: 'x' }] } });
    expect([reply.status, reply.json()]).toEqual([status, { error, message: 'why', retryable: status === 502 }]);
  });

  test.each([
    '',
    'no',
    '[1]',
    '{}',
    '{"group":"g","messages":[]}',
    '{"group":"g","messages":[{"role":"who","content":"x"}]}',
    '{"group":"g","messages":[{"role":"user","content":"x"}],"max_tokens":-1}',
  ])('the body %s is an invalid request', async (text) => {
    const { ask } = await opened();
    const reply = await ask('POST /invoke', { text });
    expect([reply.status, reply.json()]).toMatchObject([400, { error: 'invalid_request', retryable: false }]);
  });
});

describe('an agent task in another process', () => {
  const task: AgentTask = {
    step: 's.3',
    agent: 'writer',
    system: 'You write.',
    user: 'Now.',
    reflect: 'Is it good?',
    confidenceThreshold: 0.5,
    maxTurns: 4,
    model: { group: 'fast', maxTokens: 512 },
    servers: [
      {
        name: 'files',
        address: { url: 'http://files:1/mcp', transport: 'sse' },
        allow: ['read', 'list-*'],
        auth: { header: 'authorization', value: 'Bearer x' },
        params: { root: '/data', deep: { n: [1, null] } },
        persistentId: 'p',
        approvals: [
          { pattern: 'delete-*', onReject: 'recover', timeout: 5_000, timeoutBehavior: 'reject' },
          { pattern: '*', onReject: 'fail', timeoutBehavior: 'fail' },
        ],
      },
      { name: 'local', address: { command: 'server', args: ['--x'] }, allow: ['*'], approvals: [] },
    ],
    output: { type: 'object', required: ['ok'] },
    budgetUsd: 2,
  };

  test('arrives as it was sent', async () => {
    const taken: AgentTask[] = [];
    const send = await fetchOf(runtimeRoutes({ invoke: async (request) => void taken.push(agentTaskOf(request)) }));
    const callback = callbackUrl('http://orchestrator:5050', 'r/a', task.step, 'token');
    await runtimeClient('http://runtime', { fetch: send }).invoke(
      invocationOf(task, { run: 'r/a', callbackUrl: callback }),
    );
    expect(taken).toEqual([{ ...task, run: 'r/a' }]);
  });

  test.each<[string, unknown]>([
    ['a list of fields', { detail: [{ loc: ['body', 'group'], msg: 'real reason', type: 'missing' }] }],
    ['an error without a message', { error: { message: null }, message: 'real reason' }],
    ['an error with a message', { error: { message: 'real reason', type: 'x' } }],
    ['a detail of another form', { detail: { code: 7 }, title: 'real reason' }],
    ['a word for "retryable"', { error: 'real reason', retryable: 'no' }],
    ['a word and a sentence', { error: 'refused', message: 'real reason' }],
  ])('that is refused with %s, is told with the reason', async (_, body) => {
    const send = () => Promise.resolve(Response.json(body, { status: 422 }));
    const request = invocationOf(task, { run: 'r', callbackUrl: 'http://x/' });
    await expect(runtimeClient('http://runtime', { fetch: send }).invoke(request)).rejects.toMatchObject({
      kind: 'invalid',
      message: 'The runtime answered 422: real reason.',
    });
  });

  test('with a rule that is none, is refused', () => {
    const request = invocationOf(task, { run: 'r', callbackUrl: 'http://x/' });
    const [server] = request.tool_servers ?? [];
    const rule = { pattern: '*', on_reject: 'shrug', timeout_ms: 0, timeout_behavior: '' };
    const broken = { ...request, tool_servers: server ? [{ ...server, approval_rules: [rule] }] : [] };
    expect(() => agentTaskOf(broken)).toThrow(/on_reject is fail or recover/);
  });
});

describe('the clients', () => {
  test('a runtime and a gateway of another process are used like those of this one', async () => {
    const taken: InvokeRequest[] = [];
    const token = 'a-token-of-the-server';
    const send = await fetchOf(runtimeRoutes({ invoke: async (request) => void taken.push(request) }), token);
    const request: InvokeRequest = {
      ...work,
      agent_name: 'a',
      system: '',
      user_message: '',
      max_turns: 2,
      model: { group: 'g', max_tokens: 1 },
    };
    await runtimeClient('http://runtime:5051/', { fetch: send, token }).invoke(request);
    expect(taken).toEqual([request]);
    await expect(runtimeClient('http://runtime', { fetch: send }).invoke(request)).rejects.toMatchObject({
      kind: 'auth',
    });

    const refusal = { error: 'unknown_group', message: 'no', retryable: false } as const;
    const gateway = await fetchOf(gatewayRoutes({ invoke: async ({ group }) => (group === 'g' ? answer : refusal) }));
    const client = gatewayClient('http://gateway:5052', { fetch: gateway });
    const ask = (group: string) =>
      client.invoke({ run_id: 'r', step_id: 's', group, messages, max_tokens: 1 }, new AbortController().signal);
    expect(await ask('g')).toEqual(answer);
    expect(await ask('x')).toEqual(refusal);
  });

  test.each([
    [
      'a broken connection',
      async () => {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) });
      },
      'transient',
    ],
    ['a page instead of JSON', async () => new Response('<html>', { status: 200 }), 'format'],
    ['an overloaded proxy', async () => new Response('busy', { status: 503 }), 'transient'],
    ['a redirect', async () => new Response(null, { status: 302, headers: { location: 'http://x' } }), 'format'],
  ])('%s is an error of its kind', async (_, send, kind) => {
    const client = gatewayClient('http://gateway', { fetch: send as typeof fetch });
    const asked = client.invoke(
      { run_id: '', step_id: '', group: 'g', messages, max_tokens: 1 },
      new AbortController().signal,
    );
    await expect(asked).rejects.toMatchObject({ kind });
  });

  test('a model may think for longer than a request of this process usually waits for its answer', async () => {
    let think = () => {};
    const thought = new Promise<void>((resolve) => (think = resolve));
    const door = await httpDoor({
      port: 0,
      clock: systemClock(),
      routes: gatewayRoutes({
        async invoke() {
          await thought;
          return answer;
        },
      }),
    });
    onTestFinished(() => door.close(0));
    // What Node waits for an answer is five minutes; here it is a tenth of a second.
    const usual = Symbol.for('undici.globalDispatcher.1');
    const before: { constructor: unknown } = Reflect.get(globalThis, usual);
    // The class of the dispatchers of Node, which it does not export.
    const Dispatcher = before.constructor as new (options: object) => object;
    Reflect.set(globalThis, usual, new Dispatcher({ headersTimeout: 100 }));
    onTestFinished(() => void Reflect.set(globalThis, usual, before));
    const request = { run_id: 'r', step_id: 's', group: 'g', messages, max_tokens: 1 };
    const asked = gatewayClient(door.url).invoke(request, new AbortController().signal);
    const impatient = fetch(`${door.url}/invoke`, { method: 'POST', body: JSON.stringify(request) });
    await expect(impatient).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } });
    think();
    expect(await asked).toEqual(answer);
  });

  test('a call of a model ends when it is stopped, when its time is up, or when there is nobody', async () => {
    const door = await httpDoor({
      port: 0,
      clock: systemClock(),
      routes: gatewayRoutes({ invoke: () => new Promise(() => {}) }),
    });
    onTestFinished(() => door.close(0));
    const request = { run_id: 'r', step_id: 's', group: 'g', messages, max_tokens: 1 };
    const stop = new AbortController();
    const stopped = gatewayClient(door.url).invoke(request, stop.signal);
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ kind: 'cancelled' });
    const late = gatewayClient(door.url, { timeout: 50 }).invoke(request, new AbortController().signal);
    await expect(late).rejects.toMatchObject({ kind: 'timeout' });
    await door.close(0);
    const away = gatewayClient(door.url).invoke(request, new AbortController().signal);
    await expect(away).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  const clock = { ...systemClock(), random: () => 0 };
  const payload = CallbackPayload.parse({ run_id: 'r/a', step_id: 's', status: 'ok', output: { ok: true } });

  test('a result is sent until the orchestrator has it, to a sub-run, too', async () => {
    const fake = fakeOrchestrator();
    const reached = await fetchOf(orchestratorRoutes(fake));
    let tries = 0;
    const send: typeof fetch = async (url, init) => {
      if (++tries < 3) throw new TypeError('fetch failed');
      return reached(url, init);
    };
    await sendCallback(callbackUrl('http://orchestrator:5050', 'r/a', 's', tokens.of('r/a', 's')), payload, {
      clock,
      fetch: send,
    });
    expect(tries).toBe(3);
    expect(fake.calls).toMatchObject([['complete', 'r/a', 's', { output: { ok: true } }]]);
  });

  test('a result that is refused is not sent again', async () => {
    let tries = 0;
    const reached = await fetchOf(orchestratorRoutes(fakeOrchestrator()));
    const send: typeof fetch = async (url, init) => {
      tries++;
      return reached(url, init);
    };
    const sent = sendCallback(callbackUrl('http://orchestrator', 'r/a', 's', 'forged'), payload, {
      clock,
      fetch: send,
    });
    await expect(sent).rejects.toMatchObject({ kind: 'auth' });
    expect(tries).toBe(1);
  });

  test('when no attempt succeeds, the last failure is told', async () => {
    const send: typeof fetch = async () => new Response(null, { status: 500 });
    await expect(sendCallback('http://x/', payload, { clock, fetch: send, attempts: 2 })).rejects.toMatchObject({
      kind: 'transient',
    });
  });

  test('a component that is away, unwell or has no URL is told apart', async () => {
    const { signal } = new AbortController();
    const answers =
      (status: number): typeof fetch =>
      async () =>
        new Response(null, { status });
    const broken: typeof fetch = async () => {
      throw new TypeError('fetch failed');
    };
    expect(await peerProbe('http://x', { fetch: answers(200) })(signal)).toBe('ok');
    expect(await peerProbe('http://x', { fetch: answers(500) })(signal)).toBe('unhealthy');
    expect(await peerProbe('http://x', { fetch: broken })(signal)).toBe('down');
    expect(await peerProbe('no url')(signal)).toBe('error');
  });
});
