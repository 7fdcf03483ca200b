/** Tool servers that answer plain requests without a greeting. */
import { expect, test } from 'vitest';
import { virtualClock } from '../../../src/testing/clock.ts';
import { rejectionOf, testScope } from '../../../src/testing/suites/scope.ts';
import { openSessions, taskServer } from './open.ts';
import { plainServer } from './plainServer.ts';

const { signal } = testScope();

test('a server that knows no greeting is listed and called', async () => {
  await using server = await plainServer();
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  expect((await tools.list(signal)).map(({ name }) => name)).toEqual(['kv_get', 'kv_set']);
  expect(await tools.call('kv_get', { k: 'a' }, testScope())).toBe('{"echo":{"k":"a"}}');
  expect(server.methods).toEqual(['tools/list', 'tools/call']);
  expect(server.sent[1]?.params).toEqual({ name: 'kv_get', arguments: { k: 'a' } });
  expect(server.sent[0]?.headers).toMatchObject({
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2024-11-05',
  });
});

test('a server that has no stream is asked for one only once', async () => {
  await using server = await plainServer();
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  await tools.list(signal);
  await tools.call('kv_get', {}, testScope());
  expect(server.streams).toHaveLength(1);
});

test('a list that is five seconds old is asked for anew, because a plain server tells of no changes', async () => {
  const names = ['kv_get'];
  await using server = await plainServer({ tools: () => names });
  const clock = virtualClock();
  await using sessions = openSessions({ clock });
  const tools = sessions.tools(taskServer(server.url));
  const listed = async () => (await tools.list(signal)).map(({ name }) => name);
  expect(await listed()).toEqual(['kv_get']);
  names.push('more');
  clock.advance(4_999);
  expect(await listed()).toEqual(['kv_get']);
  clock.advance(5_000);
  const now = listed();
  while (server.methods.length < 3) {
    // Notices of a change that come close together are one.
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await now).toEqual(['kv_get', 'more']);
});

test('the credential is sent with every request, and parameters when the session is opened', async () => {
  await using server = await plainServer();
  await using sessions = openSessions();
  const tools = sessions.tools(
    taskServer(server.url, {
      auth: { header: 'x-api-key', value: null },
      params: { tenant: 'acme', token: null },
      persistentId: 'notebook 1',
    }),
    { auth: 'sk-secret', params: { token: 'tk-secret' } },
  );
  await tools.list(signal);
  expect(server.methods).toEqual(['initialize', 'tools/list']);
  expect(server.sent[0]?.params).toMatchObject({
    protocolVersion: '2024-11-05',
    config: { tenant: 'acme', token: 'tk-secret' },
  });
  for (const { headers } of [...server.sent, ...server.streams]) expect(headers['x-api-key']).toBe('sk-secret');
  expect(server.streams[0]?.url).toBe('/sse?persistentId=notebook+1');
});

test('what is sealed must be unsealed before it is used', () => {
  const sessions = openSessions();
  const sealed = taskServer('http://127.0.0.1:1', { auth: { header: 'authorization', value: null } });
  expect(() => sessions.tools(sealed)).toThrow(/credential .* sealed/);
  expect(() => sessions.tools(taskServer('http://127.0.0.1:1', { params: { token: null } }))).toThrow(
    /"token" .* sealed/,
  );
});

test('all parts of a result reach the model, and an error stays one', async () => {
  await using server = await plainServer({
    tools: () => ['multi', 'image', 'broken'],
    result: (name) =>
      ({
        multi: {
          content: [
            { type: 'text', text: 'first' },
            { type: 'text', text: 'second' },
          ],
        },
        image: {
          content: [
            { type: 'text', text: 'seen' },
            { type: 'image', data: 'AAAA', mimeType: 'image/png' },
          ],
        },
        broken: { content: [{ type: 'text', text: 'no such key' }], isError: true },
      })[name],
  });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url));
  await tools.list(signal);
  expect(await tools.call('multi', {}, testScope())).toBe('first\nsecond');
  expect(await tools.call('image', {}, testScope())).toMatchObject({
    content: [{ type: 'text', text: 'seen' }, { type: 'image' }],
  });
  expect(await rejectionOf(tools.call('broken', {}, testScope()))).toMatchObject({
    kind: 'tool',
    message: expect.stringContaining('no such key'),
    data: { isError: true },
  });
});

test('what became of a call that failed is told, without a secret', async () => {
  const [secret, token] = ['sk-canary-99', 'tk-canary-77'];
  await using server = await plainServer({
    tools: () => ['fail', 'refuse', 'unread', 'odd', 'garbage'],
    instead({ method, params, id }, response) {
      if (method !== 'tools/call') return false;
      const json = { 'content-type': 'application/json' };
      const error = { code: -32_000, message: `nope ${secret} ${token}` };
      if (params['name'] === 'fail') response.writeHead(500).end(`broken ${secret} ${token}`);
      else if (params['name'] === 'refuse')
        response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
      else if (params['name'] === 'unread')
        response.writeHead(200, json).end(JSON.stringify({ id: null, error: { code: -32_600, message: 'no' } }));
      else if (params['name'] === 'odd') response.writeHead(200, json).end('{"jsonrpc":"2.0","id":1');
      else return false;
      return true;
    },
    result: () => ({ content: 'no list' }),
  });
  await using sessions = openSessions();
  const tools = sessions.tools(
    taskServer(server.url, { auth: { header: 'authorization', value: null }, params: { token: null } }),
    { auth: `Bearer ${secret}`, params: { token } },
  );
  await tools.list(signal);
  const expected = {
    fail: { kind: 'transient', data: { sent: true, status: 500 } },
    refuse: { kind: 'tool' },
    unread: { data: { sent: false } },
    odd: { data: { done: true } },
    garbage: { data: { done: true } },
  };
  for (const [tool, failure] of Object.entries(expected)) {
    const rejection = await rejectionOf(tools.call(tool, {}, testScope()));
    expect(rejection, tool).toMatchObject(failure);
    expect(`${JSON.stringify(rejection)} ${rejection.message}`).not.toMatch(/canary/);
  }
});

test('a redirect is followed within its origin, and the credential goes nowhere else', async () => {
  await using other = await plainServer();
  await using server = await plainServer({
    instead({ url, method, params }, response) {
      if (url === '/') response.writeHead(307, { location: '/mcp' }).end();
      else if (method === 'tools/call' && params['name'] === 'kv_set')
        response.writeHead(307, { location: `${other.url}/mcp` }).end();
      else return false;
      return true;
    },
  });
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer(server.url, { auth: { header: 'x-key', value: 'sk-7777777' } }));
  expect(await tools.list(signal)).toHaveLength(2);
  await rejectionOf(tools.call('kv_set', {}, testScope()));
  expect(other.sent).toEqual([]);
});

test('a server that is not there is named, and tried again at the next use', async () => {
  await using sessions = openSessions();
  const tools = sessions.tools(taskServer('http://127.0.0.1:1'));
  expect(await rejectionOf(tools.list(signal))).toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('"kv"'),
  });
});
