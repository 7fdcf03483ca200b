/** Answers to a call as other people's servers write them: what can be read of them is read, over every transport, and nobody is asked what happened. */
import { describe, expect, test } from 'vitest';
import { agent, mcpServer, openRuntime } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { doubleServer } from './doubleServer.ts';
import { open as openSource } from './open.ts';

const image = { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' };
const result = (value: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 'ID', result: value });
const content = (...parts: unknown[]) => result({ content: parts });
/** Told of an answer that cannot be read at all. */
const carriedOut = /was carried out, but/;
const said = { type: 'text', text: 'paid' };

/** The answer as it is sent, with ID for the id of the request, and what the model reads. */
const answers: readonly (readonly [string, string, string | RegExp])[] = [
  ['a result that is null', result(null), ''],
  ['a result that is a text', result('paid'), carriedOut],
  ['a result that is a list', result([1, 2]), carriedOut],
  ['a result of the first revision', result({ toolResult: 'paid' }), 'paid'],
  ['no version', '{"id":ID,"result":{"content":[{"type":"text","text":"paid"}]}}', 'paid'],
  [
    'both result and error',
    '{"jsonrpc":"2.0","id":ID,"error":null,"result":{"content":[{"type":"text","text":"paid"}]}}',
    'paid',
  ],
  [
    'both error and result',
    '{"jsonrpc":"2.0","id":ID,"result":null,"error":{"code":-32000,"message":"no credit"}}',
    /no credit/,
  ],
  ['an error that is a text', '{"jsonrpc":"2.0","id":ID,"error":"no credit"}', /no credit/],
  ['an error without a code', '{"jsonrpc":"2.0","id":ID,"error":{"message":"no credit"}}', /no credit/],
  ['a code that is a text', '{"jsonrpc":"2.0","id":ID,"error":{"code":"E7","message":"no credit"}}', /no credit/],
  ['a list of one answer', `[${content(said)}]`, 'paid'],
  [
    'an answer in a list of several',
    `[{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}},${content(said)}]`,
    'paid',
  ],
  [
    'an answer that quotes a message',
    '{"id":ID,"jsonrpc":"2.0","result":{"content":[],"structuredContent":{"log":{"jsonrpc":"2.0","id":9}}}}',
    /"log"/,
  ],
  ['content that is a text', result({ content: 'paid' }), carriedOut],
  ['content that is one part', result({ content: said }), carriedOut],
  ['content: null', result({ content: null, structuredContent: { paid: true } }), '{"paid":true}'],
  ['structuredContent: null', result({ content: [said], structuredContent: null, isError: null, _meta: null }), 'paid'],
  ['structured content that is a list', result({ content: [said], structuredContent: [1, 2] }), 'paid\n[1,2]'],
  [
    'structured content that is a list, and its text',
    result({ content: [{ type: 'text', text: '[1,2]' }], structuredContent: [1, 2] }),
    '[1,2]',
  ],
  ['fields that are null', content({ ...said, annotations: null, _meta: null }), 'paid'],
  ['annotations that are none', content({ ...said, annotations: 'user', _meta: 7 }), 'paid'],
  ['a part that is a text', content('paid', said), 'paid\npaid'],
  ['a text that is a number', content({ type: 'text', text: 42 }, said), '42\npaid'],
  ['nothing but a part of an unknown kind', content({ type: 'weather', sky: 'blue' }), carriedOut],
  ['nothing but structured content that is a list', result({ content: [], structuredContent: [1] }), carriedOut],
  [
    'a part of an unknown kind',
    content({ type: 'weather', sky: 'blue' }, said),
    '{"type":"weather","sky":"blue"}\npaid',
  ],
  ['an image that cannot be read', content({ ...image, data: '***' }, said), '("image" that cannot be read)\npaid'],
];
/** Images, which the model is shown as they are meant. */
const images: readonly (readonly [string, object])[] = [
  ['behind the scheme of an address', { ...image, data: `data:image/png;base64,${image.data}`, mimeType: undefined }],
  ['in lines', { ...image, data: 'iVBO\r\nRw0K\r\nGgo=\r\n' }],
  ['without padding', { ...image, data: 'iVBORw0KGgo' }],
];

const open = {
  stdio: (raw: string) => ({
    name: 'bank',
    command: process.execPath,
    args: [
      '-e',
      `const answers = {
         initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'odd', version: '1' } },
         'tools/list': { tools: [{ name: 'pay', inputSchema: { type: 'object' } }] },
       };
       require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
         const { id, method } = JSON.parse(line);
         if (id === undefined) return;
         if (method === 'tools/call') return console.log(${JSON.stringify(raw)}.replace(/"?\\bID\\b"?/g, JSON.stringify(id)));
         console.log(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] ?? {} }));
       });`,
    ],
  }),
};
const list = { tools: [{ name: 'pay', inputSchema: { type: 'object' } }] };
const bodies = {
  'a document': (text: string) => ({ body: text, type: 'application/json' }),
  'an event': (text: string) => ({ body: `: hello\n\nevent: message\ndata: ${text}\n\n`, type: 'text/event-stream' }),
  'an event of several lines': (text: string) => ({
    body: `event: message\r\nid: 7\r\n${JSON.stringify(JSON.parse(text), null, 1)
      .split('\n')
      .map((line) => `data: ${line}\r\n`)
      .join('')}\r\n`,
    type: 'text/event-stream; charset=utf-8',
  }),
};

/** What an agent reads of a write over this server. */
async function paid(address: Parameters<typeof mcpServer>[0]) {
  const clerk = agent({
    name: 'clerk',
    tools: [mcpServer(address)],
    model: scriptedModel(({ messages }) => {
      const last = messages.at(-1);
      return last?.role === 'tool'
        ? { text: JSON.stringify(last.results[0]) }
        : { calls: [{ name: 'bank__pay', input: {} }] };
    }),
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const run = await runtime.start(clerk, 'Pay.');
  const outcome = await run.outcome({ returnWhenWaiting: true });
  expect(outcome).toMatchObject({ status: 'done' });
  return JSON.parse((outcome as { output: string }).output) as { content: string; parts?: object[] };
}
async function paidOverHttp(form: keyof typeof bodies, raw: string) {
  await using server = await doubleServer({
    list,
    call: (_, id) => ({ status: 200, ...bodies[form](raw.replace(/"?\bID\b"?/g, JSON.stringify(id))) }),
  });
  const read = await paid({ name: 'bank', url: server.url });
  expect(server.calls).toHaveLength(1);
  return read;
}

describe('over stdio', () => {
  test.each(answers)('%s', async (_, raw, reads) => {
    expect((await paid(open.stdio(raw))).content).toMatch(asPattern(reads));
  });
  test.each(images)('an image %s', async (_, part) => {
    expect((await paid(open.stdio(content(part)))).parts).toMatchObject([{ type: 'image', bytes: 8 }]);
  });
});

describe.each(Object.keys(bodies) as (keyof typeof bodies)[])('over HTTP, as %s', (form) => {
  test.each(answers)('%s', async (_, raw, reads) => {
    expect((await paidOverHttp(form, raw)).content).toMatch(asPattern(reads));
  });
  test.each(images)('an image %s', async (_, part) => {
    expect((await paidOverHttp(form, content(part))).parts).toMatchObject([{ type: 'image', bytes: 8 }]);
  });
});

test('a server that closes its output while it is called, and runs on, is not waited for', async () => {
  const { args, ...program } = open.stdio('');
  const [flag = '', script = ''] = args;
  await using source = openSource({
    ...program,
    args: [flag, script.replace('return console.log(', 'return process.stdout.end(')],
  });
  await source.list(testScope().signal);
  expect(await rejectionOf(source.call('pay', {}, testScope()))).toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('closed its output') as string,
  });
});

const asPattern = (reads: string | RegExp) =>
  typeof reads === 'string' ? new RegExp(`^${reads.replace(/[{}[\]()"]/g, '\\$&')}$`) : reads;
