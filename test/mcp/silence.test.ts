/** Servers that are silent, that print before they speak, or that know only the older transport. */
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { expect, test } from 'vitest';
import { agent, mcpServer } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { limits } from '../limits.ts';
import { doubleServer } from './doubleServer.ts';
import { open } from './open.ts';
import { makeServer, makeWorld } from './peer.mjs';

/** A program in JavaScript that answers like a server; `greeting` is what it writes first. */
function program(greeting: string, speaks = true): { command: string; args: string[] } {
  const file = join(mkdtempSync(join(tmpdir(), 'troupe-mcp-')), 'server.mjs');
  const answers = `
    const result = { initialize: (p) => ({ protocolVersion: p.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } }), 'tools/list': () => ({ tools: [{ name: 'add', inputSchema: { type: 'object' } }] }) };
    let text = '';
    process.stdin.on('data', (part) => {
      text += part;
      for (const line of text.split('\\n').slice(0, -1)) {
        const { id, method, params } = JSON.parse(line);
        if (result[method]) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: result[method](params) }) + '\\n');
      }
      text = text.slice(text.lastIndexOf('\\n') + 1);
    });`;
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs';
     process.stdout.write(${JSON.stringify(greeting)}, () => writeFileSync(process.argv[1] + '.written', ''));
     ${speaks ? answers : 'process.stdin.resume();'}`,
  );
  return { command: process.execPath, args: [file] };
}

test.each([
  ['a byte order mark', '\ufeff'],
  ['a banner', 'Server v1.2 ready\n'],
  ['a banner without the end of its line', 'Server v1.2 ready '],
  ['a byte order mark and a banner', '\ufeffHello\n\n'],
])('a server that writes %s first is understood', async (_, greeting) => {
  await using source = open({ name: 'files', ...program(greeting) });
  expect((await source.list(testScope().signal)).map(({ name }) => name)).toEqual(['add']);
});

test('a server that only prints is given up, and what it printed is named', async () => {
  const clock = virtualClock();
  const printing = program('Usage: files --port 8080\n', false);
  await using source = open({ name: 'files', ...printing }, { tries: 1 }, clock);
  const failure = rejectionOf(source.list(testScope().signal));
  // The program makes this file when its line has been written.
  await expect.poll(() => existsSync(`${printing.args[0]}.written`), { timeout: limits.step }).toBe(true);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(20_000);
  expect((await failure).message).toContain('It wrote a line that is no MCP message: "Usage: files --port 8080"');
});

test('whoever waits for a silent server hears of it within ten seconds, and of its failure within a minute', async () => {
  const { server, url } = await silent();
  await using runtime = await testRuntime();
  const clerk = agent({ name: 'clerk', tools: [mcpServer({ name: 'mute', url })], model: scriptedModel([]) });
  const began = runtime.now();
  const run = await runtime.start(clerk, 'Go.');
  const ended: unknown[] = [];
  void run.outcome().then((outcome) => ended.push(outcome));
  let warned: number | undefined;
  runtime.observe((event) => {
    if (event.type === 'progress' && JSON.stringify(event.note).includes('has not answered'))
      warned ??= runtime.now() - began;
  });
  for (let second = 0; second < 60 && ended.length === 0; second++) {
    // A real server takes real time beside the clock of the test.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await runtime.advance(1_000);
  }
  expect(warned).toBeLessThanOrEqual(10_000);
  expect(ended[0]).toMatchObject({
    status: 'failed',
    failure: {
      kind: 'environment',
      message: expect.stringMatching(/"mute" did not answer within 20 s, twice in a row/) as string,
    },
  });
  server.close();
  server.closeAllConnections();
});

/** An address that takes requests and never answers. */
async function silent() {
  const server = createServer(() => {});
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` };
}

/** A server of the older transport, at /sse; every other request is refused with this status. */
async function olderServer(status: number) {
  const transports = new Map<string, SSEServerTransport>();
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://own');
      if (request.method === 'GET' && url.pathname === '/sse') {
        const transport = new SSEServerTransport('/messages', response);
        transports.set(transport.sessionId, transport);
        await makeServer('contract', makeWorld()).connect(transport);
      } else if (request.method === 'POST' && url.pathname === '/messages')
        await transports.get(url.searchParams.get('sessionId') ?? '')?.handlePostMessage(request, response);
      else response.writeHead(status).end('no');
    })();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`,
    cut: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

test.each([400, 404, 405])(
  'a server that knows only the older transport, and refuses the newer one with %i, is used',
  async (status) => {
    await using server = await olderServer(status);
    await using source = open({ name: 'old', url: server.url });
    expect(await source.call('add', { a: 1, b: 2 }, testScope())).toEqual({ sum: 3 });
  },
);

test('the older transport can be asked for, and is connected to again when its stream is cut', async () => {
  await using server = await olderServer(500);
  await using source = open({ name: 'old', url: server.url, transport: 'sse' });
  expect(await source.call('add', { a: 1, b: 2 }, testScope())).toEqual({ sum: 3 });
  server.cut();
  expect(
    await source.call('add', { a: 2, b: 2 }, testScope()).catch(() => source.call('add', { a: 2, b: 2 }, testScope())),
  ).toEqual({ sum: 4 });
});

test('an address where neither transport works is told by what the newer one said', async () => {
  await using server = await doubleServer({ list: { tools: [] } });
  await using source = open({ name: 'none', url: `${new URL(server.url).origin}/nothing` }, { tries: 1 });
  // The double takes any path; a refusal must come from the connection itself.
  expect(await source.list(testScope().signal)).toEqual([]);
  const gone = createServer((_, response) => response.writeHead(404).end('no such page'));
  await new Promise<void>((listening) => gone.listen(0, '127.0.0.1', listening));
  await using other = open(
    { name: 'none', url: `http://127.0.0.1:${(gone.address() as AddressInfo).port}/mcp` },
    { tries: 1 },
  );
  expect((await rejectionOf(other.list(testScope().signal))).message).toContain('no such page');
  gone.close();
});
