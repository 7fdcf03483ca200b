/** Servers that greet as small programs do: with half an answer, without naming what they can, and with a refusal of the notice behind it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
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
}

/** The source of a server that behaves so. */
async function small({ greeting: said = greeting, notice = 202, hasTools = true }: Conduct) {
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
      const answer = known ? { result: results[method] } : { error: { code: -32601, message: 'Method not found' } };
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
  return open({ name: 'small', url: `http://127.0.0.1:${port}/mcp` }, { tries: 1 });
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

test('a notice that is refused for want of a credential is told', async () => {
  await using source = await small({ notice: 401 });
  expect(await rejectionOf(source.list(testScope().signal))).toMatchObject({ kind: 'auth' });
});
