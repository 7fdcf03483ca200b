/** Servers that greet as small programs do: with half an answer, without naming what they can, and with a refusal of the notice behind it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import type { Clock } from '../../src/values/clock.ts';
import { limits } from '../limits.ts';
import { open } from './open.ts';

const greeting = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'small', version: '1' },
};
interface Conduct {
  /** The result of `initialize`. */
  readonly greeting?: unknown;
  /** The status of the answer to the notice that follows it. */
  readonly notice?: number;
  readonly hasTools?: boolean;
  /** What it says to a list that it does not have: an error with this code, or nothing at all. */
  readonly refusal?: number | 'silence';
}

/** The source of a server that behaves so. */
async function small(
  { greeting: said = greeting, notice = 202, hasTools = true, refusal = -32_601 }: Conduct,
  clock?: Clock,
) {
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const { id, method } = JSON.parse(text);
      if (id === undefined) return void response.writeHead(notice).end();
      const results: Readonly<Record<string, unknown>> = {
        initialize: said,
        ...(hasTools ? { 'tools/list': { tools: [{ name: 'pay', inputSchema: { type: 'object' } }] } } : {}),
        'tools/call': { content: [{ type: 'text', text: 'paid' }] },
      };
      const known = Object.hasOwn(results, method);
      if (!known && method === 'tools/list' && refusal === 'silence') return;
      const answer = known
        ? { result: results[method] }
        : { error: { code: method === 'tools/list' ? refusal : -32_601, message: 'It failed' } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    })();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return open({ name: 'small', url: `http://127.0.0.1:${port}/mcp` }, { tries: 1 }, clock);
}

test.each<[string, Conduct]>([
  ['no name', { greeting: { ...greeting, serverInfo: undefined } }],
  ['a name without a version', { greeting: { ...greeting, serverInfo: { name: 'small' } } }],
  ['no revision', { greeting: { ...greeting, protocolVersion: null } }],
  ['nothing', { greeting: {} }],
  ['null', { greeting: null }],
  ['tools that it does not name', { greeting: { ...greeting, capabilities: {} } }],
  ['a notice that it does not know', { notice: 400 }],
  ['a notice that it does not take', { notice: 405 }],
  ['a notice that breaks it', { notice: 500 }],
])('a greeting with %s is taken, and the tools are called', async (_, conduct) => {
  await using source = await small(conduct);
  expect((await source.list(testScope().signal)).map(({ name }) => name)).toEqual(['pay']);
  expect(await source.call('pay', {}, testScope())).toBe('paid');
});

test('a server that names no tools and has none offers none', async () => {
  await using source = await small({ greeting: { ...greeting, capabilities: {} }, hasTools: false });
  expect(await source.list(testScope().signal)).toEqual([]);
});

test.each([-32_603, -32_000, 1])(
  'a server that names no tools and answers the question for them with error %i offers none',
  async (refusal) => {
    await using source = await small({ greeting: { ...greeting, capabilities: {} }, hasTools: false, refusal });
    expect(await source.list(testScope().signal)).toEqual([]);
  },
);

test('a server that names no tools and never answers the question for them offers none', async () => {
  const clock = virtualClock();
  const conduct: Conduct = { greeting: { ...greeting, capabilities: {} }, hasTools: false, refusal: 'silence' };
  await using source = await small(conduct, clock);
  const tools = source.list(testScope().signal);
  let listed: unknown;
  void tools.then(
    (list) => (listed = list),
    (thrown: unknown) => (listed = thrown),
  );
  await expect.poll(() => (clock.advance(1_000), listed), { timeout: limits.step }).toEqual([]);
});

test('a server that names other things than tools is not asked for tools', async () => {
  const conduct: Conduct = { greeting: { ...greeting, capabilities: { prompts: {} } }, refusal: 'silence' };
  await using source = await small({ ...conduct, hasTools: false });
  expect(await source.list(testScope().signal)).toEqual([]);
});

test('a server that names tools and cannot list them is a failure', async () => {
  await using source = await small({ hasTools: false, refusal: -32_603 });
  expect(await rejectionOf(source.list(testScope().signal))).toMatchObject({ kind: 'environment' });
});

test('a notice that is refused for want of a credential is told', async () => {
  await using source = await small({ notice: 401 });
  expect(await rejectionOf(source.list(testScope().signal))).toMatchObject({ kind: 'auth' });
});
