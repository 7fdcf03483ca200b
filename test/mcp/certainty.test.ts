/** What became of a call that did not end well: a refused call has not happened, and an answer that cannot be read means that it has. */
import { describe, expect, test } from 'vitest';
import { agent, mcpServer, openRuntime, type Json, type JsonObject } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { doubleServer, type CallAnswer, type DoubleOptions } from './doubleServer.ts';
import { open } from './open.ts';

const pay = { name: 'pay', description: 'Pays.', inputSchema: { type: 'object' } };
const list = { tools: [pay] };
const text = (said: string) => ({ result: { content: [{ type: 'text', text: said }] } });

/** An agent that pays once over this server, and tells what it read. `before` is called when the session exists. */
async function payOnce(options: Partial<DoubleOptions>, before?: (forget: () => void) => void) {
  let session: () => void = () => {};
  await using server = await doubleServer({ list, ...options });
  session = server.forget;
  const clerk = agent({
    name: 'clerk',
    tools: [mcpServer({ name: 'bank', url: server.url })],
    model: scriptedModel(({ messages }) => {
      const last = messages.at(-1);
      if (last?.role === 'tool') return { text: JSON.stringify(last.results.map(({ content }) => content)) };
      before?.(session);
      return { calls: [{ name: 'bank__pay', input: {} }] };
    }),
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const run = await runtime.start(clerk, 'Pay.');
  const outcome = await run.outcome({ returnWhenWaiting: true });
  return { outcome, calls: server.calls.length, log: server.log };
}
const tickets = ({ outcome }: Awaited<ReturnType<typeof payOnce>>) =>
  outcome.status === 'waiting' ? outcome.tickets.length : 0;

describe('a session that expired before a write is renewed, and the write is made once without asking anybody', () => {
  const refusals: [string, NonNullable<DoubleOptions['refusal']>][] = [
    ['404', { status: 404, body: { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } } }],
    ['404 without JSON-RPC', { status: 404, body: { message: 'nope' } }],
    [
      '400',
      {
        status: 400,
        body: {
          jsonrpc: '2.0',
          id: null,
          error: { code: -32000, message: 'Bad Request: No valid session ID provided' },
        },
      },
    ],
    [
      '400 of a server that was started again',
      {
        status: 400,
        body: { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request: Server not initialized' } },
      },
    ],
  ];
  test.each(refusals)('refused with %s', async (_, refusal) => {
    const paid = await payOnce({ refusal, call: () => text('paid') }, (forget) => forget());
    expect(paid.outcome).toMatchObject({ status: 'done', output: '["paid"]' });
    expect(paid.calls).toBe(1);
    expect(paid.log.filter((method) => method.startsWith('initialize'))).toHaveLength(2);
  });
});

test.each([400, 401, 403, 404, 405, 409, 413, 422, 429])(
  'a write that is refused with %i has not happened: nobody is asked, and the model is told',
  async (status) => {
    const paid = await payOnce({ call: () => ({ status, body: '{"error":"no"}' }) });
    expect(tickets(paid)).toBe(0);
    expect(paid.outcome.status).not.toBe('waiting');
    expect(paid.calls).toBe(0);
  },
);

test.each([-32_700, -32_600, -32_601, -32_602])(
  'a write that is refused with the code %i has not happened',
  async (code) => {
    const paid = await payOnce({ call: () => ({ error: { code, message: 'no' } }) });
    expect(paid.outcome).toMatchObject({ status: 'done' });
  },
);

test.each(['Bearer error="invalid_token"', 'Bearer error="insufficient_scope", scope="pay"', 'Basic realm="bank"'])(
  'a write that is refused with a challenge (%s) has not happened',
  async (challenge) => {
    for (const status of [401, 403]) {
      const headers = { 'www-authenticate': challenge };
      const paid = await payOnce({ call: () => ({ status, body: 'no', headers }) });
      expect(tickets(paid)).toBe(0);
      expect(paid.outcome.status).not.toBe('waiting');
      expect(JSON.stringify(paid.outcome)).not.toMatch(/may or may not/);
    }
  },
);

test.each([-32_700, -32_600])('a write that is refused with the code %i and no id has not happened', async (code) => {
  for (const type of ['application/json', 'text/event-stream']) {
    const error = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message: 'Invalid Request' } });
    const body = type === 'application/json' ? error : `data: ${error}\n\n`;
    const paid = await payOnce({ call: () => ({ status: 200, body, type }) });
    expect(paid.outcome).toMatchObject({
      status: 'done',
      output: expect.stringContaining('Invalid Request') as string,
    });
    expect(JSON.stringify(paid.outcome)).not.toContain('was carried out');
  }
});

test.each(['', 'text/plain; charset=utf-8', 'application/octet-stream'])(
  'an answer in JSON under the type "%s" is read',
  async (type) => {
    const paid = await payOnce({
      call: (_, id) => ({ status: 200, body: JSON.stringify({ jsonrpc: '2.0', id, ...text('paid') }), type }),
    });
    expect(paid.outcome).toMatchObject({ status: 'done', output: '["paid"]' });
  },
);

test.each<[string, CallAnswer]>([
  ['content that is a text', { result: { content: 'paid' } }],
  ['content that is an object', { result: { content: { type: 'text', text: 'paid' } } }],
  ['a part of a kind that no revision has', { result: { content: [{ type: 'hologram', data: 1 }] } }],
  ['a part without its text', { result: { content: [{ type: 'text' }] } }],
  ['an image without its data', { result: { content: [{ type: 'image' }] } }],
  ['structured content that is a list', { result: { content: [], structuredContent: [1] } }],
  ['a result that is a text', { result: 'paid' }],
  ['JSON that is broken', { status: 200, body: '{"jsonrpc":"2.0","id":' }],
  ['a web page', { status: 200, body: '<html>paid</html>', type: 'text/html' }],
  ['a message that is none of JSON-RPC', { status: 200, body: '{"paid":true}' }],
])('a write that is answered with %s was carried out: nobody is asked, and the model is told so', async (_, answer) => {
  const paid = await payOnce({ call: () => answer });
  expect(tickets(paid)).toBe(0);
  expect(paid.outcome).toMatchObject({ status: 'done', output: expect.stringContaining('was carried out') as string });
  expect(paid.calls).toBe(1);
});

test.each<[string, CallAnswer]>([
  ['fails with 500', { status: 500, body: 'oops' }],
  ['fails with 502', { status: 502, body: '<html>Bad Gateway</html>', type: 'text/html' }],
  ['fails with 503', { status: 503, body: '' }],
  ['is cut', 'cut'],
  ['was waited for too long', { status: 408, body: '' }],
])('a write whose request %s may have happened: a person is asked', async (_, answer) => {
  expect(tickets(await payOnce({ call: () => answer }))).toBe(1);
});

describe('the model reads all that a result says', () => {
  const called = async (result: Json, tool: JsonObject = pay) => {
    await using server = await doubleServer({ list: { tools: [tool] }, call: () => ({ result }) });
    await using source = open({ name: 'double', url: server.url });
    return await source.call('pay', {}, testScope());
  };
  const structuredContent = { balance: 7 };

  test('text beside structured content', async () => {
    expect(await called({ content: [{ type: 'text', text: 'Two of ten shown.' }], structuredContent })).toEqual({
      content: [{ type: 'text', text: 'Two of ten shown.' }],
      structuredContent,
    });
  });

  test.each(['{"balance":7}', '{\n  "balance": 7\n}', ' '])(
    'structured content whose text adds nothing (%j)',
    async (said) => {
      expect(await called({ content: [{ type: 'text', text: said }], structuredContent })).toEqual(structuredContent);
    },
  );

  test('structured content that has the text as a member', async () => {
    const content = [{ type: 'text', text: 'one two' }];
    expect(await called({ content, structuredContent: { content: 'one two' } })).toEqual({ content: 'one two' });
  });

  test('structured content alone, text alone, and nothing', async () => {
    expect(await called({ content: [], structuredContent })).toEqual(structuredContent);
    expect(
      await called({
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      }),
    ).toBe('a\nb');
    expect(await called({ content: [] })).toBe('');
  });

  test.each<[string, JsonObject, RegExp]>([
    ['only structured', { content: [], structuredContent: { reason: 'no funds' } }, /failed: \{"reason":"no funds"\}/],
    [
      'in both',
      { content: [{ type: 'text', text: 'Refused.' }], structuredContent: { code: 7 } },
      /failed: Refused\.\n\{"code":7\}/,
    ],
    [
      'twice the same',
      { content: [{ type: 'text', text: '{"code":7}' }], structuredContent: { code: 7 } },
      /failed: \{"code":7\}$/,
    ],
    ['nowhere', { content: [] }, /it did not say why/],
  ])('an error whose reason is %s', async (_, result, says) => {
    expect((await rejectionOf(called({ ...result, isError: true }))).message).toMatch(says);
  });
});
