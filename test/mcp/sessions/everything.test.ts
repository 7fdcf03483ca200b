/** A published tool server through sessions, over each of its transports. */
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { rejectionOf, testScope } from '../../../src/testing/suites/scope.ts';
import type { AgentTaskServer } from '../../../src/contracts/workflow/agentTask.ts';
import { openSessions, taskServer } from './open.ts';

const everything = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
const { signal } = testScope();

async function tryServer(server: AgentTaskServer): Promise<void> {
  await using sessions = openSessions();
  const tools = sessions.tools(server);
  expect((await tools.list(signal)).length).toBeGreaterThan(8);
  expect(await tools.call('echo', { message: 'hello' }, testScope())).toBe('Echo: hello');
  expect(await tools.call('get-tiny-image', {}, testScope())).toMatchObject({
    content: expect.arrayContaining([expect.objectContaining({ type: 'image' })]),
  });
  expect(await rejectionOf(tools.call('echo', { message: 1 }, testScope()))).toMatchObject({ kind: 'invalid' });
}

test('the everything server works over stdio, with parameters', async () => {
  const args = [everything, 'stdio'];
  await tryServer(taskServer('', { address: { command: process.execPath, args }, params: { tenant: 'acme' } }));
});

test.each([
  ['streamableHttp', '/mcp', {}],
  ['streamableHttp', '/mcp', { tenant: 'acme' }],
  ['sse', '', {}],
  ['sse', '/sse', { tenant: 'acme' }],
])('the everything server works over %s at %s with the parameters %o', async (transport, path, params) => {
  const port = await freePort();
  const server = spawn(process.execPath, [everything, transport], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await new Promise<void>((ready) =>
      server.stderr.on('data', (chunk: Buffer) => /listening|running/i.test(String(chunk)) && ready()),
    );
    await tryServer(taskServer(`http://127.0.0.1:${port}${path}`, { params }));
  } finally {
    server.kill('SIGKILL');
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
