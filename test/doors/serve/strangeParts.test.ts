/** An orchestrator beside a gateway and a runtime of other makers, which answer as servers of the field do: with null, other codes, other statuses, in another order. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { free, serveParts } from './parts.ts';
import { testProject } from './project.ts';

/** One request, read. */
interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, never>>;
}
/** Answers the nth request of its path, from 0. */
type Answer = (asked: Asked, response: ServerResponse, nth: number) => void;

async function peer(answer: Answer) {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const path = request.url ?? '';
      if (path === '/health') return void response.writeHead(200).end('{"status":"ok"}');
      const one = { path, body: JSON.parse(text === '' ? '{}' : text) };
      asked.push(one);
      answer(one, response, asked.length - 1);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked };
}

const json = (response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

async function invoked(url: string | undefined) {
  const response = await fetch(`${url}/invoke/ask?wait=120s`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"topic":"tea"}',
  });
  const run = await response.json();
  const shown = await (await fetch(`${url}/runs/${run.run_id}`)).json();
  return { ...run, steps: shown.steps };
}

/** What comes of the workflow `ask` with a gateway or a runtime at this address. */
async function outcome(where: { readonly gatewayUrl: string } | { readonly runtimeUrl: string }) {
  const project = await testProject();
  onTestFinished(() => project[Symbol.asyncDispose]());
  const { urls } = await serveParts({ ...project, env: {} }, { orchestrator: free }, where);
  return invoked(urls.orchestrator);
}

const said = {
  content: '{"answer":"tea"}',
  model_resolved: 'other/m1',
  tokens_in: 5,
  tokens_out: 5,
  cost_usd: 0.001,
};

describe('a gateway of another maker', () => {
  const asking = async (answer: Answer) => {
    const { url, asked } = await peer(answer);
    return { run: await outcome({ gatewayUrl: url }), asked };
  };

  test.each([
    ['null for what is empty', { ...said, tool_calls: null, finish_reason: null, provider: null }],
    ['a finish reason of its provider', { ...said, finish_reason: 'stop' }],
    ['no counts', { content: said.content }],
    ['counts that are none', { ...said, tokens_in: '5', tokens_out: -1, cost_usd: null }],
  ])('answers with %s, and the run completes', async (_, body) => {
    const { run } = await asking((_, response) => json(response, body));
    expect(run).toMatchObject({ status: 'complete', output: { answer: 'tea' } });
  });

  test('counts fractions of tokens, which are rounded up', async () => {
    const { run } = await asking((_, response) => json(response, { ...said, tokens_in: 5.25, tokens_out: 0.5 }, 201));
    expect(run).toMatchObject({ status: 'complete', steps: [{ metrics: { tokens_in: 6, tokens_out: 1 } }] });
  });

  test('has null in place of content and arguments beside a call', async () => {
    const call = { ...said, content: null, tool_calls: [{ id: 'c', name: 'no_such_tool', arguments: null }] };
    const { run } = await asking((_, response) => json(response, call));
    expect(run).toMatchObject({ status: 'failed', code: 'tool_not_permitted' });
  });

  test('says that a refusal may be tried again: it is asked again, after the pause that it asks for', async () => {
    const refusal = { error: 'provider_error', message: 'busy', retryable: true };
    const { run, asked } = await asking((_, response, nth) =>
      nth === 0 ? json(response, refusal, 502, { 'retry-after': '0' }) : json(response, said),
    );
    expect(run).toMatchObject({ status: 'complete', output: { answer: 'tea' } });
    expect(asked).toHaveLength(2);
  });

  test.each([
    [{ error: 'context_length_exceeded', message: 'the prompt is too long', retryable: false }, 400],
    [{ error: { message: 'the prompt is too long', type: 'invalid_request_error' } }, 400],
    [{ title: 'Bad', detail: 'the prompt is too long', status: 422 }, 422],
  ])('refuses in words of its own, which are told: %j', async (body, status) => {
    const { run, asked } = await asking((_, response) => json(response, body, status));
    expect(run).toMatchObject({ status: 'failed', error: expect.stringContaining('the prompt is too long') });
    expect(asked).toHaveLength(1);
  });

  test.each([
    [307, { location: '/v2/invoke' }, /redirects to \/v2\/invoke.*address/],
    [404, { 'content-type': 'text/plain' }, /404.*POST \/invoke.*address/],
    [200, { 'content-type': 'text/html' }, /text\/html.*address/],
  ] as const)('that is none (%i) is told as an address to check', async (status, headers, words) => {
    const { run } = await asking((_, response) => void response.writeHead(status, headers).end('<html>Hello</html>'));
    expect(run).toMatchObject({ status: 'failed', error: expect.stringMatching(words) });
  });
});

describe('a runtime of another maker', () => {
  const metrics = {
    model_resolved: 'other/m1',
    tokens_in: 1,
    tokens_out: 1,
    cost_usd: 0,
    duration_ms: 1,
    llm_calls: 1,
    tool_calls: 0,
  };
  const taken = (response: ServerResponse, status = 202) => json(response, { status: 'accepted' }, status);
  const endOf = ({ body }: Asked) => ({
    run_id: body['run_id'],
    step_id: body['step_id'],
    status: 'ok',
    output: { answer: 'tea' },
    metrics,
  });
  const call = ({ body }: Asked, end: unknown) =>
    fetch(String(body['callback_url']), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(end),
    });
  const working = async (answer: Answer) => {
    const { url, asked } = await peer(answer);
    return { run: await outcome({ runtimeUrl: url }), asked };
  };

  test.each([
    ['null for what is empty', { error: null, raw_output: null, is_resume: null, messages: null }],
    ['no metrics', { metrics: null }],
    ['null for the task', { pending_approval: null, original_request: null }],
  ])('sends %s, and the run completes', async (_, more) => {
    const { run } = await working((asked, response) => {
      taken(response);
      void call(asked, { ...endOf(asked), ...more });
    });
    expect(run).toMatchObject({ status: 'complete', output: { answer: 'tea' } });
  });

  test('counts in fractions, which are rounded up', async () => {
    const { run } = await working((asked, response) => {
      taken(response);
      void call(asked, { ...endOf(asked), metrics: { ...metrics, tokens_in: 1.5, llm_calls: null } });
    });
    expect(run).toMatchObject({ status: 'complete', steps: [{ metrics: { tokens_in: 2, tokens_out: 1 } }] });
  });

  test.each([200, 201, 204])('takes the work with %i', async (status) => {
    const { run } = await working((asked, response) => {
      if (status === 204) response.writeHead(204).end();
      else taken(response, status);
      void call(asked, endOf(asked));
    });
    expect(run).toMatchObject({ status: 'complete' });
  });

  test('that sends the result before it says that it takes the work is given it once', async () => {
    const { run, asked } = await working((one, response) => void call(one, endOf(one)).then(() => taken(response)));
    expect(run).toMatchObject({ status: 'complete', output: { answer: 'tea' } });
    expect(asked).toHaveLength(1);
  });
});
