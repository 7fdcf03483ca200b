/** The tools, used by the clients that assistants are built with: the current one, and the one before. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { httpApp } from '../../../src/doors/http/base/app.ts';
import { mcpRoute } from '../../../src/doors/http/control/mcpRoute.ts';
import { serverToken } from '../control/openControl.ts';
import { recordingClient, sampleRun } from '../control/recordingClient.ts';
import { toolsOf } from './openMcp.ts';

const identity = { name: 'assistant', version: '1' };

/** The server without a socket. */
async function overHttp(token?: string) {
  const { client, calls } = recordingClient();
  const app = await httpApp({
    routes: [await mcpRoute({ admin: toolsOf(client), client: toolsOf(client, false), version: '1.2.3' })],
    clock: virtualClock(),
    token: serverToken,
    accepts: async (given) => given === 'a-token-of-a-program',
  });
  const send = (input: RequestInfo | URL, init?: RequestInit) => app.fetch(new Request(input, init));
  const url = new URL('http://localhost/mcp');
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  return { calls, url, send, requestInit };
}

test.each([
  ['the current client', 'auto'],
  ['the current client with the protocol of 2025', 'legacy'],
] as const)('%s lists and calls the tools over HTTP', async (_, mode) => {
  const { calls, url, send, requestInit } = await overHttp(serverToken);
  const client = new Client(identity, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: send, requestInit }));
  expect((await client.listTools()).tools).toHaveLength(41);
  const answer = await client.callTool({ name: 'troupe_executions_get', arguments: { exec_id: 'r1' } });
  expect(answer.structuredContent).toEqual(sampleRun);
  expect(calls).toEqual([['executions.get', 'r1']]);
  await client.close();
});

test('the older client lists and calls the tools over HTTP', async () => {
  const { calls, url, send, requestInit } = await overHttp('a-token-of-a-program');
  const client = new OlderClient(identity);
  // The older types do not know exactOptionalPropertyTypes.
  await client.connect(new OlderHttp(url, { fetch: send, requestInit }) as Parameters<typeof client.connect>[0]);
  expect((await client.listTools()).tools).toHaveLength(30);
  const answer = await client.callTool({ name: 'troupe_executions_get', arguments: { exec_id: 'r1' } });
  expect(answer.structuredContent).toEqual(sampleRun);
  expect(calls).toEqual([['executions.get', 'r1']]);
  await client.close();
});

test('without a token nothing is answered', async () => {
  const { calls, url, send, requestInit } = await overHttp();
  const client = new Client(identity, { versionNegotiation: { mode: 'legacy' } });
  await expect(client.connect(new StreamableHTTPClientTransport(url, { fetch: send, requestInit }))).rejects.toThrow();
  expect(calls).toEqual([]);
});
